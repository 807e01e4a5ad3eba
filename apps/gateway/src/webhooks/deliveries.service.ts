import { type Principal, webhooks } from '@doitong/contracts';
import { MessageBus } from '@doitong/service-kit';
import { Injectable } from '@nestjs/common';
import { withoutNulls } from '../generations/without-nulls.js';
import { type AskedPage, parsePage, toConnection } from '../graphql/pages.js';
import type { WebhookDelivery, WebhookDeliveryConnection, WebhookDeliveryFilter } from './delivery.type.js';
import { knownId } from './known-id.js';

/** All that an account has may be concerned. */
const REDELIVER_MS = 25_000;

@Injectable()
export class DeliveriesService {
  constructor(private readonly bus: MessageBus) {}

  async list(
    { accountId, mode }: Principal,
    { filter, ...asked }: AskedPage & { filter?: WebhookDeliveryFilter | null },
  ): Promise<WebhookDeliveryConnection> {
    const { status, ...rest } = withoutNulls(filter ?? {});
    const page = parsePage(asked, /^dlv_[0-9a-f]{32}$/);
    const request = { filter: { ...rest, ...(status ? { status: [...new Set(status)] } : {}) }, ...page };
    const { deliveries, more } = await this.bus.request(webhooks.deliveries, { accountId, mode, ...request });
    return toConnection(deliveries, more, page);
  }

  redeliver({ accountId, mode }: Principal, id: string): Promise<WebhookDelivery> {
    return this.bus.request(webhooks.redeliver, { accountId, mode, id: knownId(id, 'delivery') });
  }

  async redeliverSince(
    { accountId, mode }: Principal,
    since: string,
    endpointId: string | null | undefined,
    includeDelivered: boolean,
  ): Promise<number> {
    const only = endpointId == null ? {} : { endpointId: knownId(endpointId, 'endpoint') };
    const request = { accountId, mode, since, includeDelivered, ...only };
    return (await this.bus.request(webhooks.redeliverSince, request, REDELIVER_MS)).count;
  }

  sendTestEvent({ accountId, mode }: Principal, endpointId: string): Promise<WebhookDelivery> {
    return this.bus.request(webhooks.testEvent, { accountId, mode, id: knownId(endpointId, 'endpoint') });
  }
}
