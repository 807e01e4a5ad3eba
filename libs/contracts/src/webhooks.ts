import Type, { type Static } from 'typebox';
import { Generation } from './generations.js';
import { request } from './message.js';
import { AccountId, Instant, Mode } from './vocabulary.js';

const Nullable = <T extends Type.TSchema>(schema: T) => Type.Union([schema, Type.Null()]);

export const webhookEventTypes = [
  'generation.processing',
  'generation.completed',
  'generation.failed',
  'generation.cancelled',
] as const;
export const WebhookEventType = Type.Enum(webhookEventTypes);
export type WebhookEventType = Static<typeof WebhookEventType>;

export const WebhookEvent = Type.Object({
  /** `webhook-id`, the same on every retry. */
  id: Type.String({ minLength: 1, maxLength: 100 }),
  accountId: AccountId,
  /** The request's `webhookUrl`, where it had one and is to be told of this. The account's endpoints are told besides. */
  url: Nullable(Type.String()),
  type: WebhookEventType,
  /** The generation as it was at that moment. */
  data: Generation,
});
export type WebhookEvent = Static<typeof WebhookEvent>;

/** `whk_` and a UUIDv7 without dashes. */
export const WebhookEndpointId = Type.String({ pattern: '^whk_[0-9a-f]{32}$' });

/** Why we stopped delivering to an endpoint: it answered 410 Gone, or nothing but failures for five days. */
export const disabledReasons = ['GONE', 'FAILING'] as const;
export type DisabledReason = (typeof disabledReasons)[number];

/** Absent only while a webhook-dispatcher of before the modes were parted answers. */
const ToldMode = Type.Optional(Mode);

/** A place of an account that is told of its generations of one mode. */
export const WebhookEndpoint = Type.Object({
  id: WebhookEndpointId,
  mode: ToldMode,
  url: Type.String(),
  events: Type.Array(WebhookEventType),
  /** While true, what it is to be told waits. */
  paused: Type.Boolean(),
  /** While set, what it is to be told becomes a dead letter at once. */
  disabledBecause: Nullable(Type.Enum(disabledReasons)),
  disabledAt: Nullable(Instant),
  createdAt: Instant,
});
export type WebhookEndpoint = Static<typeof WebhookEndpoint>;

export const deliveryStatuses = ['PENDING', 'DELIVERED', 'DEAD'] as const;
export const DeliveryStatus = Type.Enum(deliveryStatuses);
export type DeliveryStatus = Static<typeof DeliveryStatus>;

export const DeliveryAttempt = Type.Object({
  /** From 1. */
  number: Type.Integer(),
  at: Instant,
  /** HTTP status; null without an answer. */
  status: Nullable(Type.Integer()),
  latencyMs: Type.Integer(),
  /** Why there was no answer; null where there was one. */
  error: Nullable(Type.String()),
  /** The first 1,024 bytes of the answer, as UTF-8; null where there was none. */
  answer: Nullable(Type.String()),
});
export type DeliveryAttempt = Static<typeof DeliveryAttempt>;

/** One event on its way to one endpoint, or to a request's `webhookUrl`. */
export const Delivery = Type.Object({
  id: Type.String(),
  /** Of its endpoint, or of the request. */
  mode: ToldMode,
  eventId: Type.String(),
  eventType: Type.String(),
  generationId: Type.String(),
  /** Null where it goes to a request's `webhookUrl`. */
  endpointId: Nullable(Type.String()),
  url: Type.String(),
  status: DeliveryStatus,
  createdAt: Instant,
  /** When it is tried next at the earliest; null once it has ended. */
  nextAttemptAt: Nullable(Instant),
  /** In order; of more than 50 the last 50. */
  attempts: Type.Array(DeliveryAttempt),
});
export type Delivery = Static<typeof Delivery>;

/** Which deliveries of an account are listed; all that is given must hold. */
export const DeliveriesFilter = Type.Object(
  {
    /** Any of these. */
    status: Type.Optional(Type.Array(DeliveryStatus, { maxItems: 100 })),
    endpointId: Type.Optional(Type.String()),
    generationId: Type.Optional(Type.String()),
    /** `createdAt` is this or later. */
    since: Type.Optional(Instant),
  },
  { additionalProperties: false },
);
export type DeliveriesFilter = Static<typeof DeliveriesFilter>;

const Url = Type.String({ maxLength: 2_048 });
const Events = Type.Array(WebhookEventType, { minItems: 1, maxItems: 100 });
/** For how long an old secret signs beside the new one; a day when absent. */
const OverlapSeconds = Type.Integer({ minimum: 0, maximum: 7 * 86_400 });
/** A secret is told when it is made, and never again. */
const WithSecret = Type.Object({ secret: Type.String(), endpoint: WebhookEndpoint });
/** Live and test are two worlds: neither sees or changes what the other has, its secrets included. */
const Owner = { accountId: AccountId, mode: Mode };
/** NOT_FOUND also for what another account or the other mode has. */
const ById = Type.Object({ ...Owner, id: Type.String({ maxLength: 100 }) });

export const webhooks = {
  /** Takes events for delivery in one transaction; idempotent on the event id. */
  enqueue: request(
    'webhooks.enqueue',
    Type.Object({ items: Type.Array(WebhookEvent, { maxItems: 1000 }) }),
    Type.Object({}),
  ),
  /** `events` absent: the three in which a generation ends. INVALID_INPUT for a URL that nobody may request, or one endpoint too many of the mode. */
  endpointCreate: request(
    'webhooks.endpoint.create',
    Type.Object({ ...Owner, url: Url, events: Type.Optional(Events) }),
    WithSecret,
  ),
  /** Changes what is given. `disabled: false` has us deliver to it again. INVALID_INPUT, NOT_FOUND. */
  endpointUpdate: request(
    'webhooks.endpoint.update',
    Type.Object({
      ...ById.properties,
      url: Type.Optional(Url),
      events: Type.Optional(Events),
      paused: Type.Optional(Type.Boolean()),
      disabled: Type.Optional(Type.Literal(false)),
    }),
    WebhookEndpoint,
  ),
  /** What it was still to be told becomes a dead letter. NOT_FOUND. */
  endpointDelete: request('webhooks.endpoint.delete', ById, Type.Object({})),
  /** A new secret, which signs from now on; the ones before sign beside it until the overlap is over. INVALID_INPUT, NOT_FOUND. */
  endpointRotateSecret: request(
    'webhooks.endpoint.rotate-secret',
    Type.Object({ ...ById.properties, overlapSeconds: Type.Optional(OverlapSeconds) }),
    WithSecret,
  ),
  /** The same for the default secret of the account and mode, which signs what goes to a request's `webhookUrl`. */
  defaultSecretRotate: request(
    'webhooks.default-secret.rotate',
    Type.Object({ ...Owner, overlapSeconds: Type.Optional(OverlapSeconds) }),
    Type.Object({ secret: Type.String() }),
  ),
  /** The oldest first. */
  endpoints: request(
    'webhooks.endpoints',
    Type.Object({ ...Owner }),
    Type.Object({ endpoints: Type.Array(WebhookEndpoint) }),
  ),
  /** Sends an example of an event, of type `webhook.test`, whatever the endpoint asks for. INVALID_INPUT while it is paused or disabled, NOT_FOUND. */
  testEvent: request('webhooks.test-event', ById, Delivery),
  /** The newest `first` that the filter lets through, newest first; fewer where a reply cannot carry so many. `more`: there are others behind them. */
  deliveries: request(
    'webhooks.deliveries',
    Type.Object({
      ...Owner,
      filter: DeliveriesFilter,
      first: Type.Integer({ minimum: 1, maximum: 100 }),
      after: Type.Optional(Type.String({ maxLength: 100 })),
    }),
    Type.Object({ deliveries: Type.Array(Delivery), more: Type.Boolean() }),
  ),
  /** Tries a delivery at once, and by a new schedule, whatever has become of it. INVALID_INPUT while its endpoint is disabled, NOT_FOUND. */
  redeliver: request('webhooks.redeliver', ById, Delivery),
  /** The same for all that were made since, but those of disabled endpoints; those that were delivered only if asked for. */
  redeliverSince: request(
    'webhooks.redeliver-since',
    Type.Object({
      ...Owner,
      since: Instant,
      endpointId: Type.Optional(Type.String({ maxLength: 100 })),
      includeDelivered: Type.Boolean(),
    }),
    Type.Object({ count: Type.Integer() }),
  ),
};
