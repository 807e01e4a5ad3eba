import { type RequestOf, webhooks } from '@doitong/contracts';
import { Handles } from '@doitong/service-kit';
import { Controller } from '@nestjs/common';
import { DeliveriesService } from './deliveries.service.js';
import { RedeliveryService } from './redelivery.service.js';

@Controller()
export class DeliveriesController {
  constructor(
    private readonly deliveries: DeliveriesService,
    private readonly redelivery: RedeliveryService,
  ) {}

  @Handles(webhooks.enqueue)
  async enqueue({ items }: RequestOf<typeof webhooks.enqueue>) {
    await this.deliveries.enqueue(items);
    return {};
  }

  @Handles(webhooks.deliveries)
  list(request: RequestOf<typeof webhooks.deliveries>) {
    return this.redelivery.list(request);
  }

  @Handles(webhooks.redeliver)
  redeliver({ id, ...owner }: RequestOf<typeof webhooks.redeliver>) {
    return this.redelivery.redeliver(owner, id);
  }

  @Handles(webhooks.redeliverSince)
  async redeliverSince(request: RequestOf<typeof webhooks.redeliverSince>) {
    return { count: await this.redelivery.redeliverSince(request) };
  }

  @Handles(webhooks.testEvent)
  testEvent({ id, ...owner }: RequestOf<typeof webhooks.testEvent>) {
    return this.redelivery.testEvent(owner, id);
  }
}
