import Type from 'typebox';
import { request } from './message.js';
import { AccountId, GenerationId, Instant } from './vocabulary.js';

/**
 * `generate` counts generating mutations and `change` all others, with the same limit each; `read` counts requests that hold no mutation, of
 * which there are ten times as many; `unauthenticated` counts, by address, requests that no accepted API key came with.
 */
export const RateWindow = Type.Enum(['generate', 'change', 'read', 'unauthenticated']);

export const rateLimit = {
  /**
   * Counts `cost` requests of `key` (an account, or `ip:…` with an address or network) against a sliding 60 s window; a refused check counts nothing.
   * A cost of 0 reads the state.
   */
  check: request(
    'rate-limit.check',
    Type.Object({
      key: Type.String({ minLength: 1, maxLength: 100 }),
      window: RateWindow,
      cost: Type.Integer({ minimum: 0 }),
      limit: Type.Integer({ minimum: 0 }),
    }),
    Type.Object({
      allowed: Type.Boolean(),
      remaining: Type.Integer({ minimum: 0 }),
      /** Whole seconds until the whole limit is free again. */
      resetSeconds: Type.Integer({ minimum: 0 }),
      /** Whole seconds until a check of this cost can pass; 0 when allowed. */
      retryAfterSeconds: Type.Integer({ minimum: 0 }),
      /** Slots that the account has taken, and generations of today (UTC): as they are before this request. */
      concurrent: Type.Integer({ minimum: 0 }),
      generationsToday: Type.Integer({ minimum: 0 }),
      /** Whole seconds until the daily quota is whole again. */
      todayResetSeconds: Type.Integer({ minimum: 0 }),
    }),
    { together: true },
  ),
  /**
   * Takes one slot and one of today's (UTC) quota, or neither: RATE_LIMIT with `limit` "concurrent" or "per_day".
   * Idempotent on the generation, which never has a second slot: IDEMPOTENCY_CONFLICT once its own was freed. A slot past `expiresAt`
   * may be freed by the sweeper once no running generation stands behind it.
   */
  admit: request(
    'rate-limit.admit',
    Type.Object({
      generationId: GenerationId,
      accountId: AccountId,
      concurrent: Type.Integer({ minimum: 0 }),
      perDay: Type.Union([Type.Integer({ minimum: 0 }), Type.Null()]),
    }),
    Type.Object({ expiresAt: Instant }),
  ),
  /** Frees slots; a slot already free stays so. `refundQuota` gives back the daily quota too: the generation was never accepted. */
  free: request(
    'rate-limit.free',
    Type.Object({
      items: Type.Array(Type.Object({ generationId: GenerationId, refundQuota: Type.Boolean() }), { maxItems: 1000 }),
    }),
    Type.Object({}),
  ),
  /** What an account uses of its limits at this moment, as `check` and `admit` would count it. */
  usage: request(
    'rate-limit.usage',
    Type.Object({ accountId: AccountId }),
    Type.Object({
      /** Of window `generate`. */
      requestsThisMinute: Type.Integer({ minimum: 0 }),
      /** Slots taken. */
      concurrent: Type.Integer({ minimum: 0 }),
      generationsToday: Type.Integer({ minimum: 0 }),
      /** When the daily quota is whole again: the next midnight UTC. */
      resetsAt: Instant,
    }),
  ),
};
