import type { Logger } from '@doitong/service-kit';
import type { Reports } from './reports.js';

const TICK_MS = 1_000;
/** Progress is told in steps of at least this, so that a worker with thousands in hand does not talk all the time. */
const STEP = 5;
/** What a task is said to have reached when its vendor tells no progress and the expected time is up. */
const ESTIMATE_END = 90;
const LAST_BEFORE_DONE = 99;

/** A worker's hold on an attempt, renewed with its progress while it runs. */
export class Lease {
  private readonly lost = new AbortController();
  private readonly timer: NodeJS.Timeout;
  private readonly startedAt = Date.now();
  private vendorProgress = 0;
  private toldProgress = 0;
  private toldAt = Date.now();

  constructor(
    private readonly holder: { attemptId: string; workerId: string },
    private readonly expectedMs: number,
    private readonly leaseMs: number,
    private readonly reports: Reports,
    private readonly logger: Logger,
  ) {
    this.timer = setInterval(() => void this.tick(), TICK_MS);
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

  private async tick(): Promise<void> {
    const progress = this.progress;
    const due = Date.now() - this.toldAt >= this.leaseMs / 3;
    if (!due && progress < this.toldProgress + STEP) return;
    this.toldProgress = progress;
    this.toldAt = Date.now();
    try {
      const { live } = await this.reports.progress({ ...this.holder, progress });
      if (!live) this.lose();
    } catch (error) {
      this.logger.warn('lease not renewed, will try again', { error });
    }
  }
}
