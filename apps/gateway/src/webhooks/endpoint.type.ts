import type { DisabledReason, WebhookEventType } from '@doitong/contracts';
import { Field, ID, InputType, ObjectType } from '@nestjs/graphql';
import { defineEnum } from '../graphql/define-enum.js';
import { DateTime, Int } from '../graphql/scalars.js';

const WebhookDisabledReason = defineEnum<DisabledReason>(
  'WebhookDisabledReason',
  'Why nothing is delivered to a webhook endpoint any more.',
  {
    GONE: 'It answered 410 Gone.',
    FAILING: 'It gave nothing but failures for five days.',
  },
);

const EVENTS =
  '`generation.processing`, `generation.completed`, `generation.failed` and `generation.cancelled`, as the `type` of a webhook says.';

@ObjectType({ description: 'A place of this account that is told of its generations by signed webhooks.' })
export class WebhookEndpoint {
  @Field(() => ID, { description: 'Opaque; begins with `whk_`.' })
  id!: string;

  @Field(() => String, { description: 'Where it is told.' })
  url!: string;

  @Field(() => [String], { description: `What it is told of: some of ${EVENTS}` })
  events!: WebhookEventType[];

  @Field(() => Boolean, { description: 'While true, what it is to be told waits.' })
  paused!: boolean;

  @Field(() => WebhookDisabledReason, {
    nullable: true,
    description:
      'Why we deliver nothing to it; null while we do. What it is to be told meanwhile are dead letters, which can be redelivered.',
  })
  disabledBecause!: DisabledReason | null;

  @Field(() => DateTime, { nullable: true, description: 'Since when; null while it is not disabled.' })
  disabledAt!: string | null;

  @Field(() => DateTime, { description: 'When it was created.' })
  createdAt!: string;
}

@ObjectType({ description: 'A webhook endpoint with a secret that is shown here and never again.' })
export class WebhookEndpointWithSecret {
  @Field(() => String, {
    description: 'What its webhooks are signed with from now on: `whsec_` and base64, as Standard Webhooks has it.',
  })
  secret!: string;

  @Field(() => WebhookEndpoint, { description: 'The endpoint.' })
  endpoint!: WebhookEndpoint;
}

@ObjectType({ description: 'A secret that is shown here and never again.' })
export class WebhookSecret {
  @Field(() => String, { description: '`whsec_` and base64, as Standard Webhooks has it.' })
  secret!: string;
}

@InputType({ description: 'A webhook endpoint that is to be created.' })
export class WebhookEndpointCreateInput {
  @Field(() => String, { description: 'https URL that takes POST requests and answers 2xx within 15 seconds.' })
  url!: string;

  @Field(() => [String], {
    nullable: true,
    description: `What it is told of: some of ${EVENTS} All but \`generation.processing\` when absent.`,
  })
  events?: string[] | null;
}

@InputType({ description: 'What is to change of a webhook endpoint; what is absent stays as it is.' })
export class WebhookEndpointUpdateInput {
  @Field(() => String, { nullable: true, description: 'Another URL; what is still to be told goes there.' })
  url?: string | null;

  @Field(() => [String], { nullable: true, description: `What it is told of from now on: some of ${EVENTS}` })
  events?: string[] | null;

  @Field(() => Boolean, { nullable: true, description: 'Whether what it is to be told waits.' })
  paused?: boolean | null;

  @Field(() => Boolean, {
    nullable: true,
    description: 'False has us deliver to it again after it was disabled. It cannot be set to true: pause it instead.',
  })
  disabled?: boolean | null;
}

/** For how long an old secret still signs. */
export const OVERLAP = {
  type: () => Int,
  nullable: true,
  description: 'Seconds for which the secrets before it still sign too, 0 to 604,800; a day when absent.',
};
