import type { Priority } from '@doitong/contracts';
import { Field, Float, InputType } from '@nestjs/graphql';
import { Int, Json } from '../graphql/scalars.js';
import { PriorityEnum } from './enums.js';

/** What the flat inputs have in common. Fields that are neither here nor in `GenerationInput` are options. */
@InputType({ isAbstract: true })
export abstract class FlatInput {
  @Field(() => String, {
    nullable: true,
    description: 'Id of a provider, or of one of its models. Without one, the best for `priority` is chosen.',
  })
  model?: string | null;

  @Field(() => PriorityEnum, {
    nullable: true,
    description: 'What counts most when the provider is chosen for you; BALANCED when absent.',
  })
  priority?: Priority | null;

  @Field(() => Json, {
    nullable: true,
    description:
      'A JSON object of the options that have no field here, as the `providers` query lists them. None may be given in both places.',
  })
  options?: unknown;

  @Field(() => String, {
    nullable: true,
    description: 'http(s) URL that is told, by a signed webhook, how the generation ended.',
  })
  webhookUrl?: string | null;
}

@InputType({ description: 'A video that is asked for. What is left out is as the model has it by default.' })
export class VideoCreateInput extends FlatInput {
  @Field(() => String, {
    nullable: true,
    description: 'What is to be seen. Some models can do without, given an image.',
  })
  prompt?: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'http(s) URL of an image to start from: PNG, JPEG or WebP, up to 25 MB.',
  })
  image?: string | null;

  @Field(() => Float, { nullable: true, description: 'Seconds.' })
  duration?: number | null;

  @Field(() => String, { nullable: true, description: 'Such as `1080p`.' })
  resolution?: string | null;

  @Field(() => String, { nullable: true, description: 'Width to height, such as `16:9`.' })
  aspectRatio?: string | null;

  @Field(() => String, { nullable: true, description: 'Visual style, such as `cinematic`.' })
  style?: string | null;

  @Field(() => Int, {
    nullable: true,
    description:
      'The same seed and input give a similar output. Whole, and as large as the option of this name may be.',
  })
  seed?: number | null;
}

@InputType({ description: 'An image that is asked for. What is left out is as the model has it by default.' })
export class ImageCreateInput extends FlatInput {
  @Field(() => String, { nullable: true, description: 'What is to be seen.' })
  prompt?: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'http(s) URL of an image to start from: PNG, JPEG or WebP, up to 25 MB.',
  })
  image?: string | null;

  @Field(() => String, { nullable: true, description: 'Width to height, such as `16:9`.' })
  aspectRatio?: string | null;

  @Field(() => String, { nullable: true, description: 'Such as `high`.' })
  quality?: string | null;

  @Field(() => String, { nullable: true, description: 'Visual style, such as `watercolour`.' })
  style?: string | null;

  @Field(() => Int, {
    nullable: true,
    description:
      'The same seed and input give a similar output. Whole, and as large as the option of this name may be.',
  })
  seed?: number | null;
}

@InputType({ description: 'An audio file that is asked for. What is left out is as the model has it by default.' })
export class AudioCreateInput extends FlatInput {
  @Field(() => String, { nullable: true, description: 'The words to be spoken, or the sound to be heard.' })
  text?: string | null;

  @Field(() => String, { nullable: true, description: 'The voice to speak with: a name or an id.' })
  voice?: string | null;

  @Field(() => String, { nullable: true, description: 'How it is spoken, such as `excited`.' })
  emotion?: string | null;

  @Field(() => Float, { nullable: true, description: 'Speed of speech, 1 being normal.' })
  speed?: number | null;

  @Field(() => Int, {
    nullable: true,
    description:
      'The same seed and input give a similar output. Whole, and as large as the option of this name may be.',
  })
  seed?: number | null;
}

@InputType({
  description: 'A video of somebody who speaks, that is asked for. What is left out is as the model has it by default.',
})
export class AvatarCreateInput extends FlatInput {
  @Field(() => String, { nullable: true, description: 'The words to be spoken, unless `audio` has them.' })
  text?: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'http(s) URL of a portrait of who speaks: PNG, JPEG or WebP, up to 25 MB.',
  })
  image?: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'http(s) URL of an audio file with what is spoken, up to 25 MB.',
  })
  audio?: string | null;

  @Field(() => String, { nullable: true, description: 'The voice to speak with: a name or an id.' })
  voice?: string | null;

  @Field(() => String, { nullable: true, description: "Id of one of the provider's own avatars." })
  avatarId?: string | null;

  @Field(() => String, { nullable: true, description: 'Such as `1080p`.' })
  resolution?: string | null;

  @Field(() => String, { nullable: true, description: 'Width to height, such as `9:16`.' })
  aspectRatio?: string | null;
}
