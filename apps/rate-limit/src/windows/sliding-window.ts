import type { ReplyOf, rateLimit } from '@doitong/contracts';

/**
 * Requests are counted by whole seconds, and a second counts until it is 61 seconds old: 60 s ago may lie anywhere in the
 * 61st. So no 60 s ever see more than the limit, and all of it is free again after 61 s of silence.
 */
export const SECONDS_COUNTED = 61;

type WindowState = Pick<
  ReplyOf<typeof rateLimit.check>,
  'allowed' | 'remaining' | 'resetSeconds' | 'retryAfterSeconds'
>;

/** What a caller may know of a window. `counts`: requests admitted in each of the last 61 seconds, the current one first. */
export function stateOf(
  counts: number[],
  { allowed, cost, limit }: { allowed: boolean; cost: number; limit: number },
): WindowState {
  const used = sum(counts);
  const newest = counts.findIndex((count) => count > 0);
  return {
    allowed,
    remaining: Math.max(0, limit - used),
    resetSeconds: newest === -1 ? 0 : SECONDS_COUNTED - newest,
    retryAfterSeconds: allowed ? 0 : secondsUntil(counts, limit - cost),
  };
}

/** Whole seconds until no more than `most` requests count; 61 when there is no such time, for a cost above the limit. */
function secondsUntil(counts: number[], most: number): number {
  let used = sum(counts);
  for (let age = SECONDS_COUNTED - 1; age >= 0; age--) {
    used -= counts[age] ?? 0;
    if (used <= most) return SECONDS_COUNTED - age;
  }
  return SECONDS_COUNTED;
}

const sum = (counts: number[]) => counts.reduce((total, count) => total + count, 0);
