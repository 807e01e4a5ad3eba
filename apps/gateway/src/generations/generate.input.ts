import type { ContentType, Priority } from '@doitong/contracts';
import { Field, ID, InputType } from '@nestjs/graphql';
import { Json } from '../graphql/scalars.js';
import { GenerationTypeEnum, PriorityEnum } from './enums.js';

@InputType({ description: 'What is generated from.' })
export class GenerationInput {
  @Field(() => String, { nullable: true, description: 'The prompt, or the words to be spoken.' })
  text?: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'http(s) URL of an image to start from: PNG, JPEG or WebP, up to 25 MB.',
  })
  image?: string | null;

  @Field(() => String, { nullable: true, description: 'http(s) URL of an audio file to use, up to 25 MB.' })
  audio?: string | null;

  @Field(() => String, { nullable: true, description: 'The voice to speak with, where the provider has several.' })
  voice?: string | null;
}

@InputType({ description: 'One generation that is asked for.' })
export class GenerateInput {
  @Field(() => GenerationTypeEnum, { description: 'What is to be generated.' })
  type!: ContentType;

  @Field(() => String, {
    nullable: true,
    description: 'Id of the provider that shall do it. Without one, the best for `priority` is chosen.',
  })
  provider?: string | null;

  @Field(() => PriorityEnum, {
    nullable: true,
    description: 'What counts most when the provider is chosen for you; BALANCED when absent.',
  })
  priority?: Priority | null;

  @Field(() => GenerationInput, { description: 'What it is generated from.' })
  input!: GenerationInput;

  @Field(() => Json, {
    nullable: true,
    description: 'A JSON object of options of the provider, as the `providers` query lists them.',
  })
  options?: unknown;

  @Field(() => String, {
    nullable: true,
    description: 'http(s) URL that is told, by a signed webhook, how the generation ended.',
  })
  webhookUrl?: string | null;

  @Field(() => ID, {
    nullable: true,
    description:
      'Id of a quote for this very request, but for `webhookUrl`: no more than its price is charged, and its choice of model stands.',
  })
  quoteId?: string | null;
}
