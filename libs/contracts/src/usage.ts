import Type, { type Static } from 'typebox';
import { request } from './message.js';
import { AccountId, Credits, Instant, Mode } from './vocabulary.js';

/** The generations that were accepted from `from` on and before `to`. */
const Period = { from: Instant, to: Instant };

/** One way to part the generations of a period. A day is one of UTC, that on which they were accepted. */
export const UsageBy = Type.Enum(['model', 'account', 'day']);
export type UsageBy = Static<typeof UsageBy>;

/** What the generations of a row have in common: a provider and a model, an account, or a day (`2025-01-31`). */
const Common = {
  provider: Type.Optional(Type.String()),
  model: Type.Optional(Type.String()),
  accountId: Type.Optional(AccountId),
  day: Type.Optional(Type.String()),
};

/**
 * By model, a generation counts for the one that it was with last, its attempts each for their own: what a vendor charged for an
 * attempt that another model made up for is a cost of the model that failed.
 */
export const UsageRow = Type.Object({
  ...Common,
  completed: Type.Integer(),
  failed: Type.Integer(),
  cancelled: Type.Integer(),
  /** Not ended yet. */
  running: Type.Integer(),
  /** Of those completed, and of those whose cancellation cost something. What was given back of it afterwards is not taken off. */
  capturedCredits: Credits,
  /** What vendors charge for the attempts, in micro-USD, as far as it is known. The sandbox charges nothing. */
  vendorCostMicroUsd: Type.Integer(),
  /** Attempts that a vendor was asked for, and of which it is not known what it charges: `vendorCostMicroUsd` is short of that. */
  attemptsOfUnknownCost: Type.Integer(),
});
export type UsageRow = Static<typeof UsageRow>;

/**
 * Of live keys, of test keys, or of both (default). The next 1,000 rows at most, in the order of what they have in common. `next`: what to ask with as `after` for those behind
 * them; null at the end. INVALID_INPUT for a period that ends before it begins.
 */
export const usageReport = request(
  'admin.usage.report',
  Type.Object({
    ...Period,
    by: UsageBy,
    mode: Type.Optional(Mode),
    after: Type.Optional(Type.Array(Type.String(), { maxItems: 2 })),
  }),
  Type.Object({ rows: Type.Array(UsageRow), next: Type.Union([Type.Array(Type.String()), Type.Null()]) }),
);

/**
 * What one account spent: its completed generations and those whose cancellation cost something, by model or by day; nothing of what vendors charge. INVALID_INPUT for a period
 * that ends before it begins, or of more than 92 days.
 */
export const spending = request(
  'generations.spending',
  Type.Object({ ...Period, accountId: AccountId, by: Type.Enum(['model', 'day']) }),
  Type.Object({
    rows: Type.Array(Type.Object({ ...Common, generations: Type.Integer(), credits: Credits })),
  }),
);
