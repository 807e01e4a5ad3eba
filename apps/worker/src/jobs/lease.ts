import type { Logger } from '@doitong/service-kit';
import type { Reports } from './reports.js';

const SHORTEST_TICK_MS = 400;
/** What a task is said to have reached when its vendor tells no progress and the expected time is up. */
const ESTIMATE_END = 90;
const LAST_BEFORE_DONE = 99;

/** A worker's hold on an attempt, renewed with its progress while it runs. */
export class Lease {
  private readonly lost = new AbortController();
  private readonly timer: NodeJS.Timeout;
  private readonly startedAt = Date.now();
  private vendorProgress = 0;

  constructor(
    private readonly holder: { attemptId: string; workerId: string },
    private readonly expectedMs: number,
    leaseMs: number,
    private readonly reports: Reports,
    private readonly logger: Logger,
  ) {
    const tickMs = Math.min(Math.max(expectedMs / 10, SHORTEST_TICK_MS), leaseMs / 3);
    this.timer = setInterval(() => void this.renew(), tickMs);
  }

  /** Aborts when the attempt is over or another worker's. */
  get signal(): AbortSignal {
    return this.lost.signal;
  }

  lose(): void {
    this.lost.abort();
  }

  /** What the vendor says, 0 to 100. */
  progressed(vendorProgress: number): void {
    this.vendorProgress = Math.max(this.vendorProgress, vendorProgress);
  }

  end(): void {
    clearInterval(this.timer);
  }

  private get progress(): number {
    const elapsed = Date.now() - this.startedAt;
    const estimate = ESTIMATE_END * Math.min(1, elapsed / Math.max(this.expectedMs, 1));
    return Math.min(LAST_BEFORE_DONE, Math.round(this.vendorProgress || estimate));
  }

  private async renew(): Promise<void> {
    try {
      const { live } = await this.reports.progress({ ...this.holder, progress: this.progress });
      if (!live) this.lose();
    } catch (error) {
      this.logger.warn('lease not renewed, will try again', { error });
    }
  }
}
