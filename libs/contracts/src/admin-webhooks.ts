import Type from 'typebox';
import { request } from './message.js';
import { Delivery, WebhookEndpoint, webhooks } from './webhooks.js';

const ById = Type.Object({ id: Type.String({ maxLength: 100 }) });

/**
 * What account holders do with their endpoints and deliveries (`webhooks`), for operators: the same is refused. Endpoints and deliveries are
 * named without their account. Whether there is an account, is for the caller to know.
 */
export const adminWebhooks = {
  /** INVALID_INPUT for a URL that nobody may request, or one endpoint too many. */
  create: request('admin.webhook.create', webhooks.endpointCreate.request, webhooks.endpointCreate.reply),
  /** Of both modes, the oldest first; none for an account that is unknown. */
  list: request('admin.webhook.list', Type.Omit(webhooks.endpoints.request, ['mode']), webhooks.endpoints.reply),
  /** Changes, pauses, resumes or enables. INVALID_INPUT, NOT_FOUND. */
  update: request(
    'admin.webhook.update',
    Type.Omit(webhooks.endpointUpdate.request, ['accountId', 'mode']),
    webhooks.endpointUpdate.reply,
  ),
  /** What it was still to be told becomes a dead letter. Answers with what it was. NOT_FOUND. */
  delete: request('admin.webhook.delete', ById, WebhookEndpoint),
  /** INVALID_INPUT when too many secrets would sign, NOT_FOUND. */
  rotateSecret: request(
    'admin.webhook.rotate-secret',
    Type.Omit(webhooks.endpointRotateSecret.request, ['accountId', 'mode']),
    webhooks.endpointRotateSecret.reply,
  ),
  /** Of what goes to the `webhookUrl` of a request. INVALID_INPUT. */
  rotateDefaultSecret: request(
    'admin.webhook.rotate-default-secret',
    webhooks.defaultSecretRotate.request,
    webhooks.defaultSecretRotate.reply,
  ),
  /** Sends an example. INVALID_INPUT while the endpoint is paused or disabled, NOT_FOUND. */
  test: request('admin.webhook.test', ById, Delivery),
  /** The newest first, page by page. */
  deliveries: request('admin.webhook.deliveries', webhooks.deliveries.request, webhooks.deliveries.reply),
  /** One, with its attempts. NOT_FOUND. */
  delivery: request('admin.webhook.delivery', ById, Delivery),
  /** INVALID_INPUT while its endpoint is disabled, NOT_FOUND. */
  redeliver: request('admin.webhook.redeliver', ById, Delivery),
  /** All of an account since a time. */
  redeliverSince: request(
    'admin.webhook.redeliver-since',
    webhooks.redeliverSince.request,
    webhooks.redeliverSince.reply,
  ),
};
