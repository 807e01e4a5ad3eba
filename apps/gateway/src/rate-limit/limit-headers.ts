import type { Allowance } from './rate-limits.js';

const MINUTE_SECONDS = 60;
const DAY_SECONDS = 86_400;

/** What each window is called in the IETF fields. */
const NAMES: Record<Allowance['window'], string> = {
  generate: 'per_minute',
  change: 'changes_per_minute',
  read: 'reads_per_minute',
  unauthenticated: 'unauthenticated_per_minute',
};

/**
 * The state of the limits of an account or a stranger: `X-RateLimit-*` of the window that this request counted in, and all of them in the fields
 * of draft-ietf-httpapi-ratelimit-headers-10. `q` is the quota, `w` its window and `t` the time until it is whole, in seconds, `r` what is left.
 * Slots and the daily quota are taken after the check, and told as they were before this request.
 */
export function limitHeaders({ window, limit, check, limits }: Allowance): Record<string, string | number> {
  const policies: string[] = [];
  const states = [`"${NAMES[window]}";r=${check.remaining};t=${check.resetSeconds}`];
  const left = (quota: number, taken: number) => Math.max(0, quota - taken);
  if (limits) {
    const { requestsPerMinute, readsPerMinute, concurrent, perDay } = limits;
    policies.push(
      `"${NAMES.generate}";q=${requestsPerMinute};w=${MINUTE_SECONDS}`,
      `"${NAMES.read}";q=${readsPerMinute};w=${MINUTE_SECONDS}`,
      `"concurrent";q=${concurrent};qu="concurrent-requests"`,
    );
    states.push(`"concurrent";r=${left(concurrent, check.concurrent)}`);
    if (window === 'change') policies.push(`"${NAMES.change}";q=${limit};w=${MINUTE_SECONDS}`);
    if (perDay !== null) {
      policies.push(`"per_day";q=${perDay};w=${DAY_SECONDS}`);
      states.push(`"per_day";r=${left(perDay, check.generationsToday)};t=${check.todayResetSeconds}`);
    }
  } else {
    policies.push(`"${NAMES[window]}";q=${limit};w=${MINUTE_SECONDS}`);
  }
  return {
    'x-ratelimit-limit': limit,
    'x-ratelimit-remaining': check.remaining,
    'x-ratelimit-reset': check.resetSeconds,
    'ratelimit-policy': policies.join(', '),
    ratelimit: states.join(', '),
  };
}
