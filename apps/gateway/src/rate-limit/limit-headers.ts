import type { Allowance } from './rate-limits.js';

const MINUTE_SECONDS = 60;
const DAY_SECONDS = 86_400;

/**
 * The state of an account's limits: `X-RateLimit-*` of the window that this request counted in, and all of them in the fields of
 * draft-ietf-httpapi-ratelimit-headers-10. `q` is the quota, `w` its window and `t` the time until it is whole, in seconds, `r` what is left.
 * Slots and the daily quota are taken after the check, and told as they were before this request.
 */
export function limitHeaders({ window, limit, check, limits }: Allowance): Record<string, string | number> {
  const { requestsPerMinute, readsPerMinute, concurrent, perDay } = limits;
  const left = (quota: number, taken: number) => Math.max(0, quota - taken);
  const policies = [
    `"per_minute";q=${requestsPerMinute};w=${MINUTE_SECONDS}`,
    `"reads_per_minute";q=${readsPerMinute};w=${MINUTE_SECONDS}`,
    `"concurrent";q=${concurrent};qu="concurrent-requests"`,
  ];
  const states = [
    `"${window === 'generate' ? 'per_minute' : 'reads_per_minute'}";r=${check.remaining};t=${check.resetSeconds}`,
    `"concurrent";r=${left(concurrent, check.concurrent)}`,
  ];
  if (perDay !== null) {
    policies.push(`"per_day";q=${perDay};w=${DAY_SECONDS}`);
    states.push(`"per_day";r=${left(perDay, check.generationsToday)};t=${check.todayResetSeconds}`);
  }
  return {
    'x-ratelimit-limit': limit,
    'x-ratelimit-remaining': check.remaining,
    'x-ratelimit-reset': check.resetSeconds,
    'ratelimit-policy': policies.join(', '),
    ratelimit: states.join(', '),
  };
}
