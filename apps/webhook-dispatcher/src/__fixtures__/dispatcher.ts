import { type Delivery, type ReplyOf, type WebhookEvent, webhooks } from '@doitong/contracts';
import { eventually, type Received } from '@doitong/support';
import { prepareService } from '@doitong/support/own-service';
import { persistence, WebhookDispatcherConfig, WebhookDispatcherModule } from '../app.module.js';
import { event } from './events.js';
import { ASSET_URL_SECRET, PUBLIC_URL } from './platform.js';

/** A dispatcher in this process, spoken to as its callers do. Waits between tries are a billionth. */
export async function startDispatcher(settings: Record<string, string> = {}) {
  const parts = {
    name: 'webhook-dispatcher',
    config: WebhookDispatcherConfig,
    module: WebhookDispatcherModule,
    persistence,
  };
  const own = await prepareService(parts, {
    PUBLIC_URL,
    ASSET_URL_SECRET,
    WEBHOOK_ALLOW_HTTP: 'true',
    WEBHOOK_ALLOW_LOOPBACK: 'true',
    WEBHOOK_RETRY_SCALE: '0.000000001',
    // No attempt fails because the machine is busy.
    WEBHOOK_TIMEOUT_MS: '60000',
    ...settings,
  });
  await own.startReplica();

  const deliveries = async (accountId: string, filter: object = {}, first = 100): Promise<Delivery[]> =>
    (await own.ask(webhooks.deliveries, { accountId, mode: 'test', filter, first })).deliveries;

  return {
    ...own,
    /** With its secret. */
    create: (accountId: string, url: string, more: object = {}): Promise<ReplyOf<typeof webhooks.endpointCreate>> =>
      own.ask(webhooks.endpointCreate, { accountId, mode: 'test', url, ...more }),
    /** An event of the account happens. */
    async happens(accountId: string, changes: Partial<WebhookEvent> = {}): Promise<WebhookEvent> {
      const happened = { ...event(null, accountId), ...changes };
      await own.ask(webhooks.enqueue, { items: [happened] });
      return happened;
    },
    deliveries,
    /** The delivery of an event once it is in this status. */
    ended: (accountId: string, { id }: { id: string }, status: Delivery['status']): Promise<Delivery> =>
      eventually(async () => (await deliveries(accountId)).find((one) => one.eventId === id && one.status === status)),
  };
}

export type Dispatcher = Awaited<ReturnType<typeof startDispatcher>>;

export const signedHeaders = ({ headers }: Received) => ({
  'webhook-id': String(headers['webhook-id']),
  'webhook-timestamp': String(headers['webhook-timestamp']),
  'webhook-signature': String(headers['webhook-signature']),
});
