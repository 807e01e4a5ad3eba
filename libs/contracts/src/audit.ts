import Type, { type Static } from 'typebox';
import { request } from './message.js';
import { AccountId, Instant, JsonObject } from './vocabulary.js';

/** A change that an operator made, or an account holder to their keys. */
export const AuditEntry = Type.Object({
  at: Instant,
  /** For whom the admin identity made it, as the caller says: a person's name; or the API key that did it. */
  actor: Type.String(),
  /** Such as `account.suspend`. */
  action: Type.String(),
  /** Id of what was changed. */
  target: Type.String(),
  /** The account that it concerns; null where it concerns no single one. */
  accountId: Type.Union([AccountId, Type.Null()]),
  /** What of the target was changed, as it was; null where there was nothing. */
  before: Type.Union([JsonObject, Type.Null()]),
  /** The same as it is after the change; null where there is nothing any more. */
  after: Type.Union([JsonObject, Type.Null()]),
});
export type AuditEntry = Static<typeof AuditEntry>;

/** Of the newest `first` changes, those that concern this account and this target. */
export const AuditFilter = Type.Object({
  accountId: Type.Optional(AccountId),
  target: Type.Optional(Type.String()),
  first: Type.Integer({ minimum: 1, maximum: 1000 }),
});
export type AuditFilter = Static<typeof AuditFilter>;

/** The changes that one service keeps, the newest first. */
export const auditRequest = (subject: string) =>
  request(subject, AuditFilter, Type.Object({ entries: Type.Array(AuditEntry) }));
