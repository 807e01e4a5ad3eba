import Type, { type Static } from 'typebox';
import { request } from './message.js';
import { AccountId, Instant, KeyId, Mode, Scope } from './vocabulary.js';

const Nullable = <T extends Type.TSchema>(schema: T) => Type.Union([schema, Type.Null()]);

/** What is told of an API key after its secret was shown. */
export const ApiKey = Type.Object({
  id: KeyId,
  mode: Mode,
  scopes: Type.Array(Scope),
  /** Its first and its last characters, by which people tell their keys apart. */
  prefix: Type.String(),
  lastFour: Type.String(),
  createdAt: Instant,
  /** Null: it does not expire. */
  expiresAt: Nullable(Instant),
  /** To about a minute; null: it was never used. */
  lastUsedAt: Nullable(Instant),
  /** Null: it was not revoked. */
  revokedAt: Nullable(Instant),
  /** The key that takes its place, once it was rotated. */
  successor: Nullable(KeyId),
});
export type ApiKey = Static<typeof ApiKey>;

/** A new key, with the secret that is shown here and never again. */
const Issued = Type.Object({ key: ApiKey, secret: Type.String() });

const wanted = {
  mode: Mode,
  /** Default: all of whoever issues it. */
  scopes: Type.Optional(Type.Array(Scope, { minItems: 1, maxItems: 10 })),
  /** Default: as that of whoever issues it, which for an operator is never. */
  expiresAt: Type.Optional(Instant),
};
const rotation = {
  keyId: KeyId,
  /** Seconds for which the old secret is still accepted; at most 30 days, default a day. It is never accepted for longer than before. */
  overlapSeconds: Type.Optional(Type.Integer({ minimum: 0, maximum: 2_592_000 })),
};
/** More than anybody needs at once, and few enough to be looked through. */
export const MOST_KEYS = 100;

const page = {
  /** How many at most; default: 100. */
  first: Type.Optional(Type.Integer({ minimum: 1, maximum: 100 })),
  /** Those older than this key. */
  after: Type.Optional(KeyId),
};
/** `more`: there are others behind them. */
const Keys = Type.Object({ keys: Type.Array(ApiKey), more: Type.Optional(Type.Boolean()) });

/** API keys, for operators. */
export const adminKeys = {
  /**
   * NOT_FOUND; FORBIDDEN for an account that is closed; INVALID_INPUT when it would expire in the past; RATE_LIMIT for an account that has
   * `MOST_KEYS` which are accepted.
   */
  issue: request('admin.key.issue', Type.Object({ accountId: AccountId, ...wanted }), Issued),
  /** The newest first, those that are revoked too. NOT_FOUND. */
  list: request('admin.key.list', Type.Object({ accountId: AccountId, ...page }), Keys),
  /**
   * A new key like this one, which expires after the overlap. NOT_FOUND for a key that is unknown, revoked or expired;
   * INVALID_INPUT for one that was rotated already.
   */
  rotate: request('admin.key.rotate', Type.Object(rotation), Issued),
  /** From now on it is refused everywhere, within a second. A repeat changes nothing. NOT_FOUND. */
  revoke: request('admin.key.revoke', Type.Object({ keyId: KeyId }), Type.Object({ key: ApiKey })),
};

const by = { by: KeyId };

/**
 * The same for an account holder, by one of the account's own keys, which has the scope `billing`: that gives and takes no more than it is
 * itself. FORBIDDEN for a scope that it lacks, for a new live key when it is a test key, and for one that lives longer than itself. To a test
 * key there are no live keys: they are not listed, and NOT_FOUND.
 */
export const ownKeys = {
  issue: request('billing.key.issue', Type.Object({ ...by, ...wanted }), Issued),
  list: request('billing.key.list', Type.Object({ ...by, ...page }), Keys),
  rotate: request('billing.key.rotate', Type.Object({ ...by, ...rotation }), Issued),
  revoke: request('billing.key.revoke', Type.Object({ ...by, keyId: KeyId }), Type.Object({ key: ApiKey })),
};
