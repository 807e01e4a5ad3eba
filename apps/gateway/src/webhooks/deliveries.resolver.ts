import type { Principal } from '@doitong/contracts';
import { Args, Context, Extensions, ID, Mutation, Query, Resolver } from '@nestjs/graphql';
import { needs } from '../auth/scopes.js';
import { PAGE } from '../graphql/pages.js';
import { DateTime, Int } from '../graphql/scalars.js';
import { DeliveriesService } from './deliveries.service.js';
import { WebhookDelivery, WebhookDeliveryConnection, WebhookDeliveryFilter } from './delivery.type.js';

@Resolver(() => WebhookDelivery)
export class WebhookDeliveriesResolver {
  constructor(private readonly deliveries: DeliveriesService) {}

  @Query(() => WebhookDeliveryConnection, {
    description:
      'The webhook deliveries of this account and of the mode of the key, newest first, page by page. They are kept for 30 days.',
  })
  @Extensions(needs('webhooks'))
  webhookDeliveries(
    @Context('principal') principal: Principal,
    @Args('filter', { type: () => WebhookDeliveryFilter, nullable: true, description: 'Which ones; all without it.' })
    filter?: WebhookDeliveryFilter | null,
    @Args('first', { type: () => Int, defaultValue: PAGE, nullable: true, description: 'How many at most, 1 to 100.' })
    first?: number | null,
    @Args('after', { type: () => String, nullable: true, description: 'A cursor: only those behind its place.' })
    after?: string | null,
  ): Promise<WebhookDeliveryConnection> {
    return this.deliveries.list(principal, { filter, first, after });
  }

  @Mutation(() => WebhookDelivery, {
    description: 'Tries a webhook delivery at once, whatever has become of it, and by a schedule that begins anew.',
  })
  @Extensions(needs('webhooks'))
  redeliverWebhook(
    @Args('id', { type: () => ID, description: 'Id of the delivery.' }) id: string,
    @Context('principal') principal: Principal,
  ): Promise<WebhookDelivery> {
    return this.deliveries.redeliver(principal, id);
  }

  @Mutation(() => Int, {
    description:
      'Does so with all that were made since a time and are not delivered, but those of disabled endpoints. How many.',
  })
  @Extensions(needs('webhooks'))
  redeliverWebhooks(
    @Args('since', { type: () => DateTime, description: 'Their `createdAt` is this or later.' }) since: string,
    @Context('principal') principal: Principal,
    @Args('endpointId', { type: () => ID, nullable: true, description: 'Only those that go to this endpoint.' })
    endpointId?: string | null,
    @Args('includeDelivered', {
      type: () => Boolean,
      nullable: true,
      defaultValue: false,
      description: 'Those that were delivered, too.',
    })
    includeDelivered?: boolean | null,
  ): Promise<number> {
    return this.deliveries.redeliverSince(principal, since, endpointId, includeDelivered ?? false);
  }

  @Mutation(() => WebhookDelivery, {
    description:
      'Sends an example of an event, of type `webhook.test`, to a webhook endpoint, whatever events it asks for.',
  })
  @Extensions(needs('webhooks'))
  sendTestEvent(
    @Args('endpointId', { type: () => ID, description: 'Id of the webhook endpoint.' }) endpointId: string,
    @Context('principal') principal: Principal,
  ): Promise<WebhookDelivery> {
    return this.deliveries.sendTestEvent(principal, endpointId);
  }
}
