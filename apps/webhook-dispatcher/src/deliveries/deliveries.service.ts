import type { WebhookEvent } from '@doitong/contracts';
import { Clock, Ids } from '@doitong/service-kit';
import { Injectable } from '@nestjs/common';
import { type EndpointRow, EndpointsRepository } from '../endpoints/endpoints.repository.js';
import { Dispatcher } from '../sending/dispatcher.js';
import { DeliveriesRepository, type NewDelivery, type NewEvent } from './deliveries.repository.js';
import { hostOf } from './destinations.js';

@Injectable()
export class DeliveriesService {
  constructor(
    private readonly repository: DeliveriesRepository,
    private readonly endpoints: EndpointsRepository,
    private readonly dispatcher: Dispatcher,
    private readonly ids: Ids,
    private readonly clock: Clock,
  ) {}

  /** Takes events for delivery; an event that was taken before, or that nobody is to be told of, changes nothing. */
  async enqueue(given: WebhookEvent[]): Promise<void> {
    const events = [...new Map(given.map((event) => [event.id, event])).values()];
    const endpoints = await this.endpoints.ofAccounts([...new Set(events.map(({ accountId }) => accountId))]);
    const deliveries = events.flatMap((event) => [
      ...(event.url === null ? [] : [this.toUrl(event, event.url)]),
      ...endpoints
        .filter(
          ({ account_id, mode, events }) =>
            account_id === event.accountId && mode === event.data.mode && events.includes(event.type),
        )
        .map((endpoint) => this.toEndpoint(event, endpoint)),
    ]);
    if (deliveries.length === 0) return;
    const wanted = new Set(deliveries.map(({ eventId }) => eventId));
    const wantedEvents = events.filter(({ id }) => wanted.has(id)).map((event) => this.eventOf(event));
    await this.repository.add(wantedEvents, deliveries);
    this.dispatcher.wake();
  }

  private eventOf({ id, accountId, type, data }: WebhookEvent): NewEvent {
    const occurredAt = data.completedAt ?? data.startedAt ?? this.clock.now().toISOString();
    return { id, accountId, type, occurredAt, data };
  }

  private toUrl({ id: eventId, accountId, data: { mode } }: WebhookEvent, url: string): NewDelivery {
    const id = this.ids.next('dlv');
    return { id, eventId, accountId, mode, endpointId: null, url, target: hostOf(url, mode) };
  }

  private toEndpoint(
    { id: eventId, accountId }: WebhookEvent,
    { id: endpointId, mode, url }: EndpointRow,
  ): NewDelivery {
    return { id: this.ids.next('dlv'), eventId, accountId, mode, endpointId, url, target: endpointId };
  }
}
