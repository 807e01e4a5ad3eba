import Type, { type Static } from 'typebox';
import { ownKeys } from './api-keys.js';
import { Grant, TransactionsReply, TransactionsRequest } from './ledger.js';
import { broadcast, request } from './message.js';
import { AccountId, AccountStatus, Credits, GenerationId, Instant, KeyId, Mode, Plan, Scope } from './vocabulary.js';

/** Limits in force for an account; null is unlimited. */
export const Limits = Type.Object({
  requestsPerMinute: Type.Integer({ minimum: 0 }),
  concurrent: Type.Integer({ minimum: 0 }),
  perDay: Type.Union([Type.Integer({ minimum: 0 }), Type.Null()]),
});
export type Limits = Static<typeof Limits>;

/** Who stands behind an API key. */
export const Principal = Type.Object({
  accountId: AccountId,
  keyId: KeyId,
  plan: Plan,
  mode: Mode,
  scopes: Type.Array(Scope),
  /** Until when the key is accepted; null: it does not expire. */
  keyExpiresAt: Type.Union([Instant, Type.Null()]),
  limits: Limits,
});
export type Principal = Static<typeof Principal>;

export const Account = Type.Object({
  id: AccountId,
  name: Type.String(),
  plan: Plan,
  /** Spendable. */
  credits: Credits,
  /** Set aside by open holds. */
  held: Credits,
});
export type Account = Static<typeof Account>;

/** What operators see of an account. */
export const AccountDetails = Type.Object({
  ...Account.properties,
  status: AccountStatus,
  /** In force. */
  limits: Limits,
  createdAt: Instant,
});
export type AccountDetails = Static<typeof AccountDetails>;

/**
 * What an account pays for a generation that it cancels once its vendor may have been asked: `percent` of the price; nothing for the first
 * `freePerDay` of a UTC day. Before that, cancelling is free.
 */
export const CancelTerms = Type.Object({
  percent: Type.Integer({ minimum: 0, maximum: 100 }),
  freePerDay: Type.Integer({ minimum: 0, maximum: 2_147_483_647 }),
});
export type CancelTerms = Static<typeof CancelTerms>;

/** One way a hold is resolved: CAPTURE takes `credits` (≤ held) and gives back the rest, RELEASE gives back all. */
export const Settlement = Type.Object({
  generationId: GenerationId,
  outcome: Type.Enum(['CAPTURE', 'RELEASE']),
  credits: Credits,
});
export type Settlement = Static<typeof Settlement>;

/**
 * What the hold of a generation comes to with its next attempt, of this number; or, once it is measured what the running one costs, before the
 * next one: a lowering for the running one that comes late then changes nothing.
 */
export const HoldChange = Type.Object({
  generationId: GenerationId,
  attemptNumber: Type.Integer({ minimum: 2 }),
  credits: Credits,
});
export type HoldChange = Static<typeof HoldChange>;

export const billing = {
  /** `keyHash`: hex SHA-256 of the whole API key. UNAUTHENTICATED when unknown, revoked or expired, FORBIDDEN when the account is not active. */
  authenticate: request(
    'billing.authenticate',
    Type.Object({ keyHash: Type.String({ pattern: '^[0-9a-f]{64}$' }) }),
    Principal,
  ),
  account: request('billing.account', Type.Object({ accountId: AccountId }), Account),
  /** What an account may do, for work that comes without a key. NOT_FOUND, FORBIDDEN when it is not active. */
  limits: request('billing.limits', Type.Object({ accountId: AccountId }), Type.Object({ plan: Plan, limits: Limits })),
  /** Those of its plan. NOT_FOUND. */
  cancelTerms: request('billing.cancel-terms', Type.Object({ accountId: AccountId }), CancelTerms),
  key: ownKeys,
  /** Those of which something is left, at most 500, in the order in which they are used up. */
  grants: request('billing.grants', Type.Object({ accountId: AccountId }), Type.Object({ grants: Type.Array(Grant) })),
  transactions: request('billing.transactions', TransactionsRequest, TransactionsReply),
  /**
   * Sets credits aside; idempotent on the generation. INSUFFICIENT_CREDITS when they are not there.
   * An open hold may be released by billing's sweeper once `expiresAt` has passed and no generation stands behind it.
   */
  hold: request(
    'billing.hold',
    Type.Object({ generationId: GenerationId, accountId: AccountId, credits: Credits }),
    Type.Object({ expiresAt: Instant }),
  ),
  /**
   * Before a generation moves to a dearer model, or turns out to be dearer by its length: has at least `credits` held. INSUFFICIENT_CREDITS changes nothing; so does
   * a repeat. NOT_FOUND without an open hold.
   */
  raise: request('billing.raise', HoldChange, Type.Object({})),
  /** After a generation has moved: leaves at most `credits` held. Nothing of it is left to do once a later attempt has raised it. */
  lower: request('billing.lower', Type.Object({ items: Type.Array(HoldChange, { maxItems: 1000 }) }), Type.Object({})),
  /** Resolves holds in one transaction; a hold already resolved stays as it was. Unknown generations are reported, not failed. */
  settle: request(
    'billing.settle',
    Type.Object({ items: Type.Array(Settlement, { maxItems: 1000 }) }),
    Type.Object({ unknown: Type.Array(GenerationId) }),
  ),
  /** Keys of this account must be looked up anew. */
  keysChanged: broadcast('billing.keys-changed', Type.Object({ accountId: AccountId })),
};
