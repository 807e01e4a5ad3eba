import type { Principal } from '@doitong/contracts';
import { Args, Context, Extensions, ID, Mutation, Query, Resolver } from '@nestjs/graphql';
import { needs } from '../auth/scopes.js';
import {
  OVERLAP,
  WebhookEndpoint,
  WebhookEndpointCreateInput,
  WebhookEndpointUpdateInput,
  WebhookEndpointWithSecret,
  WebhookSecret,
} from './endpoint.type.js';
import { EndpointsService } from './endpoints.service.js';

const ENDPOINT_ID = { type: () => ID, description: 'Id of the webhook endpoint.' };

@Resolver(() => WebhookEndpoint)
export class WebhookEndpointsResolver {
  constructor(private readonly endpoints: EndpointsService) {}

  @Query(() => [WebhookEndpoint], {
    description:
      'The webhook endpoints of this account, the oldest first: for a live key those of live keys, for a test key those of test keys.',
  })
  @Extensions(needs('webhooks'))
  webhookEndpoints(@Context('principal') principal: Principal): Promise<WebhookEndpoint[]> {
    return this.endpoints.list(principal);
  }

  @Mutation(() => WebhookEndpointWithSecret, {
    description:
      'Has a place told of the generations of this account: of live keys by a live key, of test keys by a test key.',
  })
  @Extensions(needs('webhooks'))
  webhookEndpointCreate(
    @Args('input', { description: 'Where, and what of.' }) input: WebhookEndpointCreateInput,
    @Context('principal') principal: Principal,
  ): Promise<WebhookEndpointWithSecret> {
    return this.endpoints.create(principal, input);
  }

  @Mutation(() => WebhookEndpoint, { description: 'Changes, pauses, resumes or enables a webhook endpoint.' })
  @Extensions(needs('webhooks'))
  webhookEndpointUpdate(
    @Args('id', ENDPOINT_ID) id: string,
    @Args('input', { description: 'What is to change.' }) input: WebhookEndpointUpdateInput,
    @Context('principal') principal: Principal,
  ): Promise<WebhookEndpoint> {
    return this.endpoints.update(principal, id, input);
  }

  @Mutation(() => Boolean, {
    description: 'Deletes a webhook endpoint; what it was still to be told becomes dead letters. True.',
  })
  @Extensions(needs('webhooks'))
  webhookEndpointDelete(
    @Args('id', ENDPOINT_ID) id: string,
    @Context('principal') principal: Principal,
  ): Promise<boolean> {
    return this.endpoints.remove(principal, id);
  }

  @Mutation(() => WebhookEndpointWithSecret, { description: 'Gives a webhook endpoint a new secret.' })
  @Extensions(needs('webhooks'))
  webhookEndpointRotateSecret(
    @Args('id', ENDPOINT_ID) id: string,
    @Context('principal') principal: Principal,
    @Args('overlapSeconds', OVERLAP) overlapSeconds?: number | null,
  ): Promise<WebhookEndpointWithSecret> {
    return this.endpoints.rotateSecret(principal, id, overlapSeconds);
  }

  @Mutation(() => WebhookSecret, {
    description:
      'Gives this account a new default secret, which signs what goes to the `webhookUrl` of a request. The way to learn it, too.',
  })
  @Extensions(needs('webhooks'))
  webhookDefaultSecretRotate(
    @Context('principal') principal: Principal,
    @Args('overlapSeconds', OVERLAP) overlapSeconds?: number | null,
  ): Promise<WebhookSecret> {
    return this.endpoints.rotateDefaultSecret(principal, overlapSeconds);
  }
}
