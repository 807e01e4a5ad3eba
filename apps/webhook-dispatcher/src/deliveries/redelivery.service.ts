import {
  type Delivery,
  DoitongError,
  type Generation,
  invalidInput,
  type RequestOf,
  type webhooks,
} from '@doitong/contracts';
import { Clock, fitting, Ids, Logger } from '@doitong/service-kit';
import { Injectable } from '@nestjs/common';
import type { Owner } from '../endpoints/endpoints.repository.js';
import { EndpointsService } from '../endpoints/endpoints.service.js';
import type { By } from '../operator/audit.js';
import { Dispatcher } from '../sending/dispatcher.js';
import { DeliveriesRepository } from './deliveries.repository.js';
import { DeliveryListRepository } from './delivery-list.repository.js';
import { RedeliveryRepository } from './redelivery.repository.js';

const BATCH = 1_000;

/** What customers see of their deliveries, and have delivered at their word. */
@Injectable()
export class RedeliveryService {
  constructor(
    private readonly deliveries: DeliveryListRepository,
    private readonly redelivery: RedeliveryRepository,
    private readonly repository: DeliveriesRepository,
    private readonly endpoints: EndpointsService,
    private readonly dispatcher: Dispatcher,
    private readonly ids: Ids,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  /** Fewer than `first` where so many would not fit into one reply. */
  async list({ filter, first, after, ...owner }: RequestOf<typeof webhooks.deliveries>) {
    const found = await this.deliveries.list(owner, filter, after, first + 1);
    const page = fitting(found.slice(0, first));
    return { deliveries: page, more: found.length > page.length };
  }

  async redeliver(owner: Owner, id: string, by: By = 'holder'): Promise<Delivery> {
    const { status } = await this.get(owner, id);
    const change = {
      action: 'webhook.redeliver',
      target: id,
      accountId: owner.accountId,
      before: { status },
      after: { status: 'PENDING' },
    };
    if ((await this.redelivery.again(owner, [id], by, () => change)) === 0) {
      throw invalidInput('id', 'Its webhook endpoint is disabled, or has been deleted.');
    }
    this.dispatcher.wake();
    return this.get(owner, id);
  }

  /** How many. */
  async redeliverSince(request: RequestOf<typeof webhooks.redeliverSince>, by: By = 'holder'): Promise<number> {
    const { accountId, mode, since, endpointId = null, includeDelivered } = request;
    const owner = { accountId, mode };
    const target = endpointId ?? accountId;
    const change = (count: number) => {
      const after = { mode, since, includeDelivered, count };
      return { action: 'webhook.redeliver-since', target, accountId, after };
    };
    let count = 0;
    let ids: string[] = [];
    do {
      ids = await this.redelivery.since(owner, { since, endpointId, includeDelivered }, ids.at(-1) ?? '', BATCH);
      count += await this.redelivery.again(owner, ids, by, change);
      this.dispatcher.wake();
    } while (ids.length === BATCH);
    this.logger.info('webhooks redelivered', { accountId, mode, endpointId, since, count });
    return count;
  }

  /** An example that can be told from every true event by its type. */
  async testEvent(owner: Owner, endpointId: string, by: By = 'holder'): Promise<Delivery> {
    const { url, paused, disabledBecause } = await this.endpoints.get(owner, endpointId);
    if (paused) throw invalidInput('id', 'The webhook endpoint is paused.');
    if (disabledBecause !== null) throw invalidInput('id', 'The webhook endpoint is disabled.');
    const eventId = this.ids.next('evt');
    const id = this.ids.next('dlv');
    const occurredAt = this.clock.now().toISOString();
    const { accountId } = owner;
    const event = { id: eventId, accountId, type: 'webhook.test', occurredAt, data: example(owner, occurredAt) };
    await this.repository.addTest(event, { id, eventId, ...owner, endpointId, url, target: endpointId }, by);
    this.dispatcher.wake();
    return this.get(owner, id);
  }

  /** NOT_FOUND also for what another account or the other mode has. */
  async get(owner: Owner, id: string): Promise<Delivery> {
    const delivery = await this.deliveries.find(owner, id);
    if (!delivery) throw noSuchDelivery(id);
    return delivery;
  }

  /** Whose it is. */
  async ownerOf(id: string): Promise<Owner> {
    const owner = await this.deliveries.ownerOf(id);
    if (!owner) throw noSuchDelivery(id);
    return owner;
  }
}

const noSuchDelivery = (id: string) =>
  new DoitongError('NOT_FOUND', `There is no webhook delivery ${id}.`, { field: 'id' });

function example({ accountId, mode }: Owner, at: string): Generation {
  return {
    id: `gen_${'0'.repeat(32)}`,
    accountId,
    mode,
    type: 'IMAGE',
    status: 'COMPLETED',
    progress: 100,
    provider: 'example',
    model: 'example',
    creditCost: 0,
    estimatedTime: 0,
    metadata: { model: 'example', width: 1_024, height: 768, format: 'png', adjustments: [] },
    assetKey: null,
    error: null,
    routing: { reason: 'example', candidates: [] },
    createdAt: at,
    startedAt: at,
    completedAt: at,
    version: 1,
  };
}
