import type { AttemptFailure } from '@doitong/contracts';
import { Logger, Metrics } from '@doitong/service-kit';
import { Injectable } from '@nestjs/common';
import { Counter } from 'prom-client';
import type { Begun } from './attempts.repository.js';

/** What cost so many workers their life would cost the next one its own. */
const MOST_DEATHS = 3;

/** Attempts that are ended because the workers that held them died of them, one after the other. */
@Injectable()
export class DeadlyAttempts {
  private readonly ended: Counter<'family'>;

  constructor(
    private readonly logger: Logger,
    { registry }: Metrics,
  ) {
    this.ended = new Counter({
      name: 'deadly_attempts_total',
      help: 'Attempts that were ended because three workers died of them.',
      labelNames: ['family'],
      registers: [registry],
    });
  }

  /** What an attempt that was just begun fails of; undefined when it may go on. */
  failureOf({ deaths, risking, task }: Begun): AttemptFailure | undefined {
    if (deaths < MOST_DEATHS) return undefined;
    return {
      code: 'GENERATION_FAILED',
      message: `The workers that handled this generation stopped ${deaths} times, and it was given up. You were not charged.`,
      retryable: true,
      stage: risking ?? (task ? 'PROCESSING' : 'SUBMISSION'),
      kind: 'failed',
    };
  }

  tell(attemptId: string, { deaths, family }: Begun, { stage }: AttemptFailure): void {
    this.ended.inc({ family });
    this.logger.error('attempt ended: workers died of it', { attemptId, family, stage, deaths });
  }
}
