import { DoitongError, type FailureKind, type Stage } from '@doitong/contracts';
import { VendorError } from '@doitong/providers/kit';
import type { Logger } from '@doitong/service-kit';
import { LRUCache } from 'lru-cache';
import type { Attempt } from './attempt.js';

/** Once may be an accident, such as a disk that was full for a moment. */
const MOST_BREAKDOWNS = 3;
const MOST_REMEMBERED = 10_000;

/** What it means to the attempt that its worker cannot go on. What the vendor may have taken may not be asked for again. */
const kinds: Record<Stage, FailureKind> = {
  ADMISSION: 'failed',
  SUBMISSION: 'submission-unknown',
  PROCESSING: 'failed',
  DELIVERY: 'output-lost',
};

/** Errors that are no vendor's, with which a job would come again and again, to the same end. */
export class Breakdowns {
  private readonly counts = new LRUCache<string, number>({ max: MOST_REMEMBERED });

  constructor(private readonly logger: Logger) {}

  /**
   * The failure with which the attempt ends: at once when a report of it was refused, for it would be refused again, and else at the third
   * breakdown in this process. Throws the error itself when the job may come again.
   */
  lastOf({ job, stage }: Pick<Attempt, 'job' | 'stage'>, error: unknown): VendorError {
    if (error instanceof DoitongError && error.code === 'INTERNAL') throw error;
    const isRefused = error instanceof DoitongError;
    const count = (this.counts.get(job.attemptId) ?? 0) + 1;
    this.counts.set(job.attemptId, count);
    if (!isRefused && count < MOST_BREAKDOWNS) throw error;
    const what = isRefused ? 'a report was refused' : `it broke down ${count} times`;
    this.logger.error('attempt ended: its worker cannot go on', { attemptId: job.attemptId, stage, what, error });
    return new VendorError(kinds[stage], `${what}: ${error instanceof Error ? error.message : error}`, {
      cause: error,
    });
  }
}
