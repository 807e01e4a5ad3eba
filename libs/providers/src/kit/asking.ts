import type { VendorError } from './errors.js';

/** Asks that cannot start the work twice. */
const MOST_ASKS = 6;
/** Asks that can. */
const MOST_SUBMITS = 2;

/** What comes after a submit that failed: ask again, look first whether it took, or end. */
export type NextAsk = 'ask' | 'look-up, then ask' | 'look-up' | 'end';

/**
 * When one attempt may ask its vendor again. The vendor is asked at most twice what it may have taken; what it said not to have
 * taken, and what cannot start the work twice, up to six times.
 */
export class SubmitPolicy {
  private asks = 0;
  private submits = 0;
  /** An ask failed in a way that leaves open whether the vendor took it, so nobody knows what the attempt costs. */
  mayHaveTaken = false;

  after({ kind, repeatable }: VendorError): NextAsk {
    this.asks += 1;
    if (!repeatable && kind !== 'rate-limited') this.submits += 1;
    if (kind === 'server-error' || kind === 'submission-unknown') this.mayHaveTaken = true;
    if (kind === 'submission-unknown') return 'look-up';
    if (this.asks === MOST_ASKS || this.submits === MOST_SUBMITS) return 'end';
    if (kind === 'server-error') return 'look-up, then ask';
    return kind === 'rate-limited' || kind === 'unavailable' ? 'ask' : 'end';
  }
}

const MOST_DOUBTS = 5;
const DOUBT_MS = 60_000;

/** Doubtful reads of one task, in a row. They count when there are five, over at least a minute. */
export class ReadDoubts {
  private doubts = 0;
  private since = 0;

  /** `scale`: factor on the minute, as on all vendor times. */
  constructor(private readonly scale: number) {}

  /** Whether this one, at `now` in epoch ms, settles it. */
  settles(now: number): boolean {
    if (this.doubts === 0) this.since = now;
    this.doubts += 1;
    return this.doubts >= MOST_DOUBTS && now - this.since >= DOUBT_MS * this.scale;
  }

  /** The vendor answered. */
  clear(): void {
    this.doubts = 0;
  }
}

/** Whether an error says nothing of the task that was polled. */
export function isPassing({ kind }: VendorError): boolean {
  return kind === 'rate-limited' || kind === 'unavailable';
}
