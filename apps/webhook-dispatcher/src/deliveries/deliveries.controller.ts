import { type RequestOf, webhooks } from '@doitong/contracts';
import { Handles } from '@doitong/service-kit';
import { Controller, Inject } from '@nestjs/common';
import { DeliveriesService } from './deliveries.service.js';

@Controller()
export class DeliveriesController {
  constructor(@Inject(DeliveriesService) private readonly deliveries: DeliveriesService) {}

  @Handles(webhooks.enqueue)
  async enqueue({ items }: RequestOf<typeof webhooks.enqueue>) {
    await this.deliveries.enqueue(items);
    return {};
  }
}
