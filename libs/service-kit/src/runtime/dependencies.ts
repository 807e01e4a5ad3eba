import { setTimeout as sleep } from 'node:timers/promises';
import { type HealthChecks, NotReady } from '../health/health-checks.js';
import type { Logger } from '../logging/logger.js';

const AGAIN_MS = 500;

/** What a service cannot work without. It waits for them when it starts, however long that takes, unless `signal` ends the wait. */
export class Dependencies {
  /** Resolves when a connection has ended for good: only a new process can go on. */
  readonly lost: Promise<Error>;
  /** Tells of a connection that has ended for good. */
  lose!: (why: Error) => void;
  private readonly opened: (() => Promise<unknown>)[] = [];

  constructor(
    private readonly health: HealthChecks,
    private readonly logger: Logger,
    private readonly signal: AbortSignal = new AbortController().signal,
  ) {
    this.lost = new Promise((resolve) => {
      this.lose = resolve;
    });
  }

  /** Opens what has this name among the checks of `/readyz`, as soon as it can be; until then that and the log tell why it cannot. */
  async open<T>(name: string, open: () => Promise<T>, close: (opened: T) => Promise<unknown>): Promise<T> {
    let why = 'does not answer';
    this.health.add(name, () => Promise.reject(new NotReady(why)));
    for (;;) {
      this.signal.throwIfAborted();
      const opening = open();
      try {
        const opened = await this.unlessEnded(opening);
        this.opened.push(() => close(opened));
        return opened;
      } catch (error) {
        if (this.signal.aborted) {
          opening.then(close).catch(() => undefined);
          throw error;
        }
        const reason = error instanceof Error ? error.message : String(error);
        if (reason !== why) this.logger.warn(`${name} cannot be used, waiting for it`, { reason });
        why = reason;
      }
      // The next try tells of an end of the wait.
      await sleep(AGAIN_MS, undefined, { signal: this.signal }).catch(() => undefined);
    }
  }

  /** For a service that did not start after all. */
  async close(): Promise<void> {
    await Promise.allSettled(this.opened.map((close) => close()));
  }

  private async unlessEnded<T>(work: Promise<T>): Promise<T> {
    let end = () => {};
    const ended = new Promise<never>((_, reject) => {
      end = () => reject(this.signal.reason);
    });
    this.signal.addEventListener('abort', end, { once: true });
    try {
      return await Promise.race([work, ended]);
    } finally {
      this.signal.removeEventListener('abort', end);
    }
  }
}
