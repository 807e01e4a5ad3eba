import Type, { type Static } from 'typebox';
import { AccountId, Credits, Instant } from './vocabulary.js';

/** What can give credits to an account: each is a grant, of which what is not used can expire. */
export const grantKinds = ['TOP_UP', 'PROMOTION', 'REFUND', 'ADJUSTMENT'] as const;
/** Why credits came or went. An ADJUSTMENT does either. What is held has not gone: holds are no entries. */
export const TransactionKind = Type.Enum([...grantKinds, 'CAPTURE', 'EXPIRY']);

/** Credits that came to an account, and what is left of them. */
export const Grant = Type.Object({
  id: Type.Integer(),
  kind: Type.Enum(grantKinds),
  /** As in the transaction of this kind that gave them. */
  reference: Type.String(),
  credits: Credits,
  /** Not used up yet; what open holds need is part of it. */
  remaining: Credits,
  /** Grants of a lower one are used up first; of the same one, those that expire sooner, then the older ones. */
  priority: Type.Integer(),
  /** When what is left, but for what is held, is taken back; null: never. */
  expiresAt: Type.Union([Instant, Type.Null()]),
  createdAt: Instant,
});
export type Grant = Static<typeof Grant>;

/** One entry of an account in the ledger. */
export const Transaction = Type.Object({
  /** Grows with time within an account. */
  id: Type.Integer(),
  kind: TransactionKind,
  /** What it stands for, once for each kind: a generation (CAPTURE, REFUND), an id of the payer's or operator's, a grant (EXPIRY). */
  reference: Type.String(),
  /** Negative: they went. */
  credits: Type.Integer(),
  /** Of an ADJUSTMENT or REFUND, in the operator's words; null for the others. */
  reason: Type.Union([Type.String(), Type.Null()]),
  createdAt: Instant,
});
export type Transaction = Static<typeof Transaction>;

/** The newest `first` of an account's transactions, newest first; `after` one of them: of those older than it. */
export const TransactionsRequest = Type.Object({
  accountId: AccountId,
  first: Type.Integer({ minimum: 1, maximum: 500 }),
  after: Type.Optional(Type.Integer()),
});
/** `more`: there are others behind them. None at all for an account that does not exist. */
export const TransactionsReply = Type.Object({ transactions: Type.Array(Transaction), more: Type.Boolean() });
