import type { Randomness } from '../randomness.js';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** Waits after the first, second, … failure. A delivery has one try more than there are waits. */
const WAITS_MS = [
  5 * SECOND,
  5 * MINUTE,
  30 * MINUTE,
  2 * HOUR,
  5 * HOUR,
  10 * HOUR,
  14 * HOUR,
  20 * HOUR,
  24 * HOUR,
] as const;
const LONGEST_MS = 24 * HOUR;
const JITTER = 0.2;
/** The receiver wants to be told no more. */
export const GONE = 410;

/** What a delivery is after an attempt. */
export type Verdict = { status: 'DELIVERED' } | { status: 'DEAD' } | { status: 'PENDING'; waitMs: number };

/** When a failed delivery is tried again, and when no more. `scale` multiplies every wait. */
export class RetrySchedule {
  constructor(
    private readonly scale: number,
    private readonly randomness: Randomness,
  ) {}

  /**
   * `number`: of the attempt in its schedule, from 1. `status`: its HTTP status, null without an answer. `askedMs`: by Retry-After; it
   * makes the wait longer, never shorter, up to the longest wait of the schedule.
   */
  verdict(number: number, status: number | null, askedMs: number): Verdict {
    if (status !== null && status >= 200 && status < 300) return { status: 'DELIVERED' };
    const wait = WAITS_MS[number - 1];
    if (status === GONE || wait === undefined) return { status: 'DEAD' };
    const jittered = wait * this.scale * (1 + JITTER * (2 * this.randomness.fraction() - 1));
    const asked = Math.min(askedMs, LONGEST_MS * this.scale);
    return { status: 'PENDING', waitMs: Math.round(Math.max(jittered, asked)) };
  }
}

/** Milliseconds that a Retry-After header asks for, in seconds or as an HTTP date; 0 when absent or unreadable. */
export function retryAfterMs(header: string | undefined, now: Date): number {
  if (header === undefined) return 0;
  if (/^\d+$/.test(header)) return Number(header) * SECOND;
  const at = Date.parse(header);
  return Number.isNaN(at) ? 0 : Math.max(0, at - now.getTime());
}
