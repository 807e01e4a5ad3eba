import Type, { type Static } from 'typebox';
import { Generation } from './generations.js';
import { request } from './message.js';
import { AccountId } from './vocabulary.js';

export const WebhookEvent = Type.Object({
  /** `webhook-id`, the same on every retry. */
  id: Type.String({ minLength: 1, maxLength: 100 }),
  accountId: AccountId,
  /** The request's `webhookUrl`, where it had one. */
  url: Type.Union([Type.String(), Type.Null()]),
  type: Type.Enum(['generation.completed', 'generation.failed', 'generation.cancelled']),
  /** The generation as it was at that moment. */
  data: Generation,
});
export type WebhookEvent = Static<typeof WebhookEvent>;

export const webhooks = {
  /** Takes events for delivery in one transaction; idempotent on the event id. */
  enqueue: request(
    'webhooks.enqueue',
    Type.Object({ items: Type.Array(WebhookEvent, { maxItems: 1000 }) }),
    Type.Object({}),
  ),
};
