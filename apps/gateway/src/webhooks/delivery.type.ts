import type { DeliveryStatus } from '@doitong/contracts';
import { Field, ID, InputType, ObjectType } from '@nestjs/graphql';
import { defineEnum } from '../graphql/define-enum.js';
import { PageInfo } from '../graphql/page-info.type.js';
import { DateTime, Int } from '../graphql/scalars.js';

const WebhookDeliveryStatus = defineEnum<DeliveryStatus>(
  'WebhookDeliveryStatus',
  'What has become of a webhook so far.',
  {
    PENDING: 'It is tried, or will be tried again.',
    DELIVERED: 'It was answered with 2xx.',
    DEAD: 'It was given up; it can be redelivered.',
  },
);

@ObjectType({ description: 'One try to deliver a webhook.' })
export class WebhookAttempt {
  @Field(() => Int, { description: 'From 1.' })
  number!: number;

  @Field(() => DateTime, { description: 'When it was made.' })
  at!: string;

  @Field(() => Int, { nullable: true, description: 'HTTP status of the answer; null where there was none.' })
  status!: number | null;

  @Field(() => Int, { description: 'Milliseconds until the answer was there, or it was given up.' })
  latencyMs!: number;

  @Field(() => String, { nullable: true, description: 'Why there was no answer; null where there was one.' })
  error!: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'The first 1,024 bytes of the answer; null where there was none.',
  })
  answer!: string | null;
}

@ObjectType({ description: 'One event on its way to one webhook endpoint, or to the `webhookUrl` of a request.' })
export class WebhookDelivery {
  @Field(() => ID, { description: 'Opaque; begins with `dlv_`.' })
  id!: string;

  @Field(() => ID, { description: 'The `webhook-id` that it is sent with, the same at every attempt.' })
  eventId!: string;

  @Field(() => String, { description: 'The `type` that it is sent with, such as `generation.completed`.' })
  eventType!: string;

  @Field(() => ID, { description: 'The generation that it tells of.' })
  generationId!: string;

  @Field(() => ID, {
    nullable: true,
    description: 'The endpoint that is told; null where it goes to the `webhookUrl` of a request.',
  })
  endpointId!: string | null;

  @Field(() => String, { description: 'Where it goes.' })
  url!: string;

  @Field(() => WebhookDeliveryStatus, { description: 'What has become of it so far.' })
  status!: DeliveryStatus;

  @Field(() => DateTime, { description: 'When it was to be sent first.' })
  createdAt!: string;

  @Field(() => DateTime, {
    nullable: true,
    description: 'When it is tried next at the earliest; null once it has ended, and while its endpoint is paused.',
  })
  nextAttemptAt!: string | null;

  @Field(() => [WebhookAttempt], { description: 'In order; of more than 50 the last 50.' })
  attempts!: WebhookAttempt[];
}

@InputType({ description: 'Which webhook deliveries are listed: those of which all that is given here is true.' })
export class WebhookDeliveryFilter {
  @Field(() => [WebhookDeliveryStatus], { nullable: true, description: 'Their status is one of these.' })
  status?: DeliveryStatus[] | null;

  @Field(() => ID, { nullable: true, description: 'They go to this endpoint.' })
  endpointId?: string | null;

  @Field(() => ID, { nullable: true, description: 'They tell of this generation.' })
  generationId?: string | null;

  @Field(() => DateTime, { nullable: true, description: 'Their `createdAt` is this or later.' })
  since?: string | null;
}

@ObjectType({ description: 'A webhook delivery at its place in a list.' })
export class WebhookDeliveryEdge {
  @Field(() => String, { description: 'Its place; what `after` takes to go on behind it. Opaque.' })
  cursor!: string;

  @Field(() => WebhookDelivery, { description: 'The delivery.' })
  node!: WebhookDelivery;
}

@ObjectType({ description: 'One page of the webhook deliveries of an account, newest first.' })
export class WebhookDeliveryConnection {
  @Field(() => [WebhookDeliveryEdge], { description: 'The deliveries on this page.' })
  edges!: WebhookDeliveryEdge[];

  @Field(() => PageInfo, { description: 'Where this page stands in the list.' })
  pageInfo!: PageInfo;
}
