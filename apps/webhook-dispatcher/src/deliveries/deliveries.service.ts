import type { WebhookEvent } from '@doitong/contracts';
import { Clock, Ids } from '@doitong/service-kit';
import { Inject, Injectable } from '@nestjs/common';
import { Dispatcher } from '../sending/dispatcher.js';
import { DeliveriesRepository, type NewDelivery } from './deliveries.repository.js';
import { hostOf } from './destinations.js';

@Injectable()
export class DeliveriesService {
  constructor(
    @Inject(DeliveriesRepository) private readonly repository: DeliveriesRepository,
    @Inject(Dispatcher) private readonly dispatcher: Dispatcher,
    @Inject(Ids) private readonly ids: Ids,
    @Inject(Clock) private readonly clock: Clock,
  ) {}

  /** Takes events for delivery; an event that was taken before, or that nobody is to be told of, changes nothing. */
  async enqueue(events: WebhookEvent[]): Promise<void> {
    const wanted = events.flatMap((event) => this.deliveryOf(event));
    if (wanted.length === 0) return;
    await this.repository.add(wanted);
    this.dispatcher.wake();
  }

  private deliveryOf({ id, accountId, url, type, data }: WebhookEvent): NewDelivery[] {
    if (url === null) return [];
    const occurredAt = data.completedAt ?? this.clock.now().toISOString();
    return [{ id: this.ids.next('dlv'), url, host: hostOf(url), eventId: id, accountId, type, occurredAt, data }];
  }
}
