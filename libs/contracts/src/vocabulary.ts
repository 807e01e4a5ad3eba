import Type, { type Static } from 'typebox';

/** The closed sets of words that services, schema, tables and documents share. */

export const contentTypes = ['VIDEO', 'IMAGE', 'AUDIO', 'AVATAR'] as const;
export const ContentType = Type.Enum(contentTypes);
export type ContentType = Static<typeof ContentType>;

/** QUEUED → PROCESSING → COMPLETED | FAILED | CANCELLED. */
export const generationStatuses = ['QUEUED', 'PROCESSING', 'COMPLETED', 'FAILED', 'CANCELLED'] as const;
export const GenerationStatus = Type.Enum(generationStatuses);
export type GenerationStatus = Static<typeof GenerationStatus>;

export const priorities = ['QUALITY', 'SPEED', 'COST', 'BALANCED'] as const;
export const Priority = Type.Enum(priorities);
export type Priority = Static<typeof Priority>;

export const plans = ['FREE', 'STARTER', 'PRO', 'ENTERPRISE'] as const;
export const Plan = Type.Enum(plans);
export type Plan = Static<typeof Plan>;

/** Of an API key: `live` reaches the real vendors, `test` the sandbox. */
export const modes = ['live', 'test'] as const;
export const Mode = Type.Enum(modes);
export type Mode = Static<typeof Mode>;

/** What a key may be used for: `generate` to ask for and cancel generations, `read` to look at things, `webhooks` and `billing` to manage those. */
export const scopes = ['generate', 'read', 'webhooks', 'billing'] as const;
export const Scope = Type.Enum(scopes);
export type Scope = Static<typeof Scope>;

export const accountStatuses = ['ACTIVE', 'SUSPENDED', 'CLOSED'] as const;
export const AccountStatus = Type.Enum(accountStatuses);
export type AccountStatus = Static<typeof AccountStatus>;

/** Fingerprint of a vendor credential, never the secret. */
export const Credential = Type.String({ maxLength: 200 });

/** The credentials that a worker has for each mode; none, or an absent mode, serves nobody. */
export const Credentials = Type.Object({
  live: Type.Optional(Type.Array(Credential, { maxItems: 100 })),
  test: Type.Optional(Type.Array(Credential, { maxItems: 100 })),
});
export type Credentials = Static<typeof Credentials>;

/** `gen_` and a UUIDv7 without dashes: sorts by time of creation. */
export const GenerationId = Type.String({ pattern: '^gen_[0-9a-f]{32}$' });
/** `acc_` and a UUIDv7 without dashes. */
export const AccountId = Type.String({ pattern: '^acc_[0-9a-f]{32}$' });
/** `key_` and a UUIDv7 without dashes. */
export const KeyId = Type.String({ pattern: '^key_[0-9a-f]{32}$' });
/** `att_` and a UUIDv7 without dashes. */
export const AttemptId = Type.String({ pattern: '^att_[0-9a-f]{32}$' });
/** `quo_` and a UUIDv7 without dashes. */
export const QuoteId = Type.String({ pattern: '^quo_[0-9a-f]{32}$' });

/** Whole credits, the unit of every price and balance. */
export const Credits = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });

/** An ISO 8601 instant in UTC. */
export const Instant = Type.String({ format: 'date-time' });

/** JSON object whose shape another schema (a model's option schema, a vendor's wire) decides. */
export const JsonObject = Type.Record(Type.String(), Type.Unknown());
