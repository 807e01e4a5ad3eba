import Type, { type Static } from 'typebox';
import { Limits } from './billing.js';
import { ErrorBody } from './errors.js';
import { ModelManifest, ProviderManifest } from './manifest.js';
import { broadcast, request } from './message.js';
import { spending } from './usage.js';
import {
  AccountId,
  ContentType,
  Credits,
  GenerationId,
  GenerationStatus,
  Instant,
  JsonObject,
  Mode,
  Plan,
  Priority,
  QuoteId,
} from './vocabulary.js';

const Nullable = <T extends Type.TSchema>(schema: T) => Type.Union([schema, Type.Null()]);

/** What is generated from. URLs are http(s). */
export const GenerationInput = Type.Object(
  {
    text: Type.Optional(Type.String()),
    image: Type.Optional(Type.String()),
    audio: Type.Optional(Type.String()),
    voice: Type.Optional(Type.String()),
  },
  { additionalProperties: false },
);
export type GenerationInput = Static<typeof GenerationInput>;

/** One customer's request. */
export const GenerateInput = Type.Object(
  {
    type: ContentType,
    /** Provider id or alias; absent lets us choose by `priority`. */
    provider: Type.Optional(Type.String()),
    /** A provider id or alias, or the id of a model of any provider of the type. */
    model: Type.Optional(Type.String()),
    priority: Type.Optional(Priority),
    input: GenerationInput,
    options: Type.Optional(JsonObject),
    webhookUrl: Type.Optional(Type.String()),
    /** A quote for this very request: its price and its choice hold. */
    quoteId: Type.Optional(Type.String()),
  },
  { additionalProperties: false },
);
export type GenerateInput = Static<typeof GenerateInput>;

/** What is known of the output. Width, height, duration and format are read from the bytes, never from the vendor's word. */
export const Metadata = Type.Object({
  width: Type.Optional(Type.Integer()),
  height: Type.Optional(Type.Integer()),
  /** Seconds. */
  duration: Type.Optional(Type.Number()),
  /** Container or codec, such as `mp4`, `png`, `mp3`. */
  format: Type.Optional(Type.String()),
  contentType: Type.Optional(Type.String()),
  /** Bytes. */
  size: Type.Optional(Type.Integer()),
  /** Effective resolution option. */
  resolution: Type.Optional(Type.String()),
  model: Type.String(),
  /** Where the effective options differ from those asked for, a sentence each. */
  adjustments: Type.Array(Type.String()),
});
export type Metadata = Static<typeof Metadata>;

/** How a model stood when the one that serves a generation was chosen. */
export const RoutingCandidate = Type.Object({
  provider: Type.String(),
  model: Type.String(),
  /** 0 to 100, higher is better; null when it was excluded. */
  score: Nullable(Type.Number()),
  /** A short phrase; null when it has a score. */
  excludedBecause: Nullable(Type.String()),
});
export type RoutingCandidate = Static<typeof RoutingCandidate>;

/** Why a generation is served by its provider and model. `candidates`: the best first, the excluded last; not more than 50. */
export const Routing = Type.Object({ reason: Type.String(), candidates: Type.Array(RoutingCandidate) });
export type Routing = Static<typeof Routing>;

export const Generation = Type.Object({
  id: GenerationId,
  accountId: AccountId,
  mode: Mode,
  type: ContentType,
  status: GenerationStatus,
  /** 0 to 100, never falling. */
  progress: Type.Integer({ minimum: 0, maximum: 100 }),
  provider: Type.String(),
  model: Type.String(),
  /** Held until terminal; what was captured when COMPLETED; 0 when FAILED; when CANCELLED, what the cancellation cost. */
  creditCost: Credits,
  /** Seconds. */
  estimatedTime: Type.Number(),
  metadata: Metadata,
  /** Key in the asset store; the gateway signs a URL for it at each read. */
  assetKey: Nullable(Type.String()),
  error: Nullable(ErrorBody),
  routing: Routing,
  createdAt: Instant,
  startedAt: Nullable(Instant),
  completedAt: Nullable(Instant),
  /** Grows with each change. */
  version: Type.Integer({ minimum: 1 }),
});
export type Generation = Static<typeof Generation>;

/** `version`: that of the generation after the change. */
const Change = Type.Object({ version: Generation.properties.version });

/** What a request would cost and who would serve it; a promise until `expiresAt`. */
export const Quote = Type.Object({
  id: QuoteId,
  provider: Type.String(),
  model: Type.String(),
  creditCost: Credits,
  /** Seconds. */
  estimatedTime: Type.Number(),
  /** As in `Metadata`. */
  adjustments: Type.Array(Type.String()),
  routing: Routing,
  expiresAt: Instant,
});
export type Quote = Static<typeof Quote>;

/** Which generations of an account are listed; all that is given must hold. */
export const GenerationsFilter = Type.Object(
  {
    type: Type.Optional(ContentType),
    /** Any of these. */
    status: Type.Optional(Type.Array(GenerationStatus, { maxItems: 100 })),
    /** Provider id or alias. */
    provider: Type.Optional(Type.String()),
    /** `createdAt` is later than this. */
    createdAfter: Type.Optional(Instant),
    /** `createdAt` is earlier than this. */
    createdBefore: Type.Optional(Instant),
  },
  { additionalProperties: false },
);
export type GenerationsFilter = Static<typeof GenerationsFilter>;

/** Whose generations: a test key sees and changes nothing of live keys, nor the other way round. */
const Owner = { accountId: AccountId, mode: Mode };
const ById = Type.Object({ ...Owner, id: Type.String({ maxLength: 100 }) });

export const generations = {
  /**
   * Accepts a generation or refuses it whole. With an idempotency key, a repeat of the same input returns the first generation.
   * INVALID_INPUT, INSUFFICIENT_CREDITS, RATE_LIMIT, PROVIDER_UNAVAILABLE, IDEMPOTENCY_CONFLICT.
   */
  create: request(
    'generations.create',
    Type.Object({
      accountId: AccountId,
      /** Of the account: decides the price, as the account does. */
      plan: Plan,
      mode: Mode,
      limits: Limits,
      input: GenerateInput,
      /** Key and scope (the response name of the field in its document) name the request. */
      idempotency: Type.Optional(Type.Object({ key: Type.String(), scope: Type.String() })),
    }),
    Generation,
  ),
  /**
   * Says what `create` would do, and keeps that for who names the quote in it: price and choice then stand, whatever changes
   * meanwhile. Takes nothing. A quote locks a price, it is no purchase: it serves any number of requests until it expires.
   * INVALID_INPUT, PROVIDER_UNAVAILABLE.
   */
  quote: request(
    'generations.quote',
    Type.Object({ accountId: AccountId, plan: Plan, mode: Mode, input: GenerateInput }),
    Quote,
  ),
  /** NOT_FOUND also for a generation of another account or the other mode. */
  get: request('generations.get', ById, Generation, { together: true }),
  /**
   * This generation changed. Each has a subject of its own, so that a change reaches only who watches that one; what it is now,
   * `get` tells. A change that follows at once may be all that is heard of the one before it.
   */
  changed: (id: string) => broadcast(`generations.changed.${id}`, Change),
  /**
   * The newest `first` that the filter lets through, newest first; `after` a generation: of those older than it. Fewer where
   * a reply cannot carry so many; `more`: there are others behind them.
   */
  list: request(
    'generations.list',
    Type.Object({
      ...Owner,
      filter: GenerationsFilter,
      first: Type.Integer({ minimum: 1, maximum: 100 }),
      after: Type.Optional(GenerationId),
    }),
    Type.Object({ generations: Type.Array(Generation), more: Type.Boolean() }),
  ),
  /**
   * False when it had ended already. Free while no vendor can have been asked, then at the terms of the account's plan; whatever the vendor
   * makes of it.
   */
  cancel: request('generations.cancel', ById, Type.Object({ cancelled: Type.Boolean() })),
  spending,
  /** At the catalogue's prices, whatever an account has of its own. */
  providers: request(
    'generations.providers',
    Type.Object({ type: Type.Optional(ContentType) }),
    Type.Object({
      providers: Type.Array(
        Type.Object({ ...ProviderManifest.properties, models: Type.Array(ModelManifest), available: Type.Boolean() }),
      ),
    }),
  ),
  /** For the sweepers of holds and slots, and the checker of the ledger: nulls where no such generation was accepted. */
  statuses: request(
    'generations.statuses',
    Type.Object({ ids: Type.Array(GenerationId, { maxItems: 1000 }) }),
    Type.Object({
      statuses: Type.Array(
        Type.Object({
          id: GenerationId,
          status: Nullable(GenerationStatus),
          /** As in `Generation`. */
          creditCost: Nullable(Credits),
        }),
      ),
    }),
  ),
  /**
   * For the checker of the ledger: of the next `first` generations after this id, in the order of their ids, those that have
   * ended and of which billing has heard it. `next`: where to go on, null at the end.
   */
  settled: request(
    'generations.settled',
    Type.Object({ after: Nullable(GenerationId), first: Type.Integer({ minimum: 1, maximum: 1000 }) }),
    Type.Object({
      generations: Type.Array(
        Type.Object({ id: GenerationId, accountId: AccountId, status: GenerationStatus, creditCost: Credits }),
      ),
      next: Nullable(GenerationId),
    }),
  ),
};
