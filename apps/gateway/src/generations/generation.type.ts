import type { ContentType, ErrorCode, GenerationStatus, Stage } from '@doitong/contracts';
import { Field, Float, ID, ObjectType } from '@nestjs/graphql';
import { DateTime, Int, Json } from '../graphql/scalars.js';
import { ErrorCodeEnum, GenerationStatusEnum, GenerationTypeEnum, StageEnum } from './enums.js';

@ObjectType({
  description: 'What is known of an output. Its measures are read from the file itself, once it is there.',
})
export class GenerationMetadata {
  @Field(() => Int, { nullable: true, description: 'Pixels. Null until COMPLETED, and of audio.' })
  width?: number;

  @Field(() => Int, { nullable: true, description: 'Pixels. Null until COMPLETED, and of audio.' })
  height?: number;

  @Field(() => Float, { nullable: true, description: 'Seconds. Null until COMPLETED, and of images.' })
  duration?: number;

  @Field(() => String, { nullable: true, description: 'Such as `mp4`, `png` or `mp3`. Null until COMPLETED.' })
  format?: string;

  @Field(() => String, {
    nullable: true,
    description: 'The resolution option in force; null where the model has none.',
  })
  resolution?: string;

  @Field(() => Float, { nullable: true, description: 'Whole bytes. Null until COMPLETED.' })
  size?: number;

  @Field(() => String, { description: 'The model that made it, or is about to.' })
  model!: string;

  @Field(() => [String], { description: 'Where what was done differs from what was asked for, a sentence each.' })
  adjustments!: string[];
}

@ObjectType({ description: 'Why a generation failed.' })
export class GenerationError {
  @Field(() => ErrorCodeEnum, { description: 'For a program to act on.' })
  code!: ErrorCode;

  @Field(() => String, { description: 'For a person to read.' })
  message!: string;

  @Field(() => Boolean, { description: 'Whether the same request may succeed later.' })
  retryable!: boolean;

  @Field(() => Boolean, { description: 'Whether credits were taken for it.' })
  billed!: boolean;

  @Field(() => StageEnum, { description: 'Where it went wrong.' })
  stage!: Stage;

  @Field(() => Float, { nullable: true, description: 'Seconds to wait before a retry; null where that is not known.' })
  retryAfter?: number;

  @Field(() => String, { nullable: true, description: 'The limit that was reached; null where it was none.' })
  limit?: string;

  @Field(() => String, { nullable: true, description: 'The input field at fault; null where it was none.' })
  field?: string;

  @Field(() => Json, {
    nullable: true,
    description: 'What the field at fault may be; null where that cannot be listed.',
  })
  allowed?: unknown;
}

@ObjectType({ description: 'How a model stood when the one that serves a generation was chosen.' })
export class RoutingCandidate {
  @Field(() => String, { description: 'Id of its provider.' })
  provider!: string;

  @Field(() => String, { description: 'Id of the model.' })
  model!: string;

  @Field(() => Float, {
    nullable: true,
    description: '0 to 100, by what counted most; higher is better. Null when it was excluded.',
  })
  score!: number | null;

  @Field(() => String, {
    nullable: true,
    description: 'Why it could not be chosen, such as `circuit open`. Null when it has a score.',
  })
  excludedBecause!: string | null;
}

@ObjectType({ description: 'How the provider and model of a generation were chosen.' })
export class Routing {
  @Field(() => String, { description: 'Why this one.' })
  reason!: string;

  @Field(() => [RoutingCandidate], {
    description:
      'The models that were considered, the best first and the excluded last; at most 50. Of a provider that was asked for, its own models in their order.',
  })
  candidates!: RoutingCandidate[];
}

@ObjectType({ description: 'One request to make a video, image, audio or avatar, and its life.' })
export class Generation {
  @Field(() => ID, { description: 'Opaque; begins with `gen_`.' })
  id!: string;

  @Field(() => GenerationStatusEnum, { description: 'Where it is in its life.' })
  status!: GenerationStatus;

  @Field(() => GenerationTypeEnum, { description: 'What is generated.' })
  type!: ContentType;

  @Field(() => String, { description: 'Id of the provider that does it.' })
  provider!: string;

  @Field(() => String, { description: 'Id of the model that does it.' })
  model!: string;

  @Field(() => String, {
    nullable: true,
    description:
      'Where the output can be fetched: a link that expires, signed anew each time it is asked for. Null until COMPLETED.',
  })
  url!: string | null;

  @Field(() => GenerationMetadata, { description: 'What is known of the output.' })
  metadata!: GenerationMetadata;

  @Field(() => Int, {
    description:
      'Credits: set aside while it runs, and taken once it is COMPLETED, less where it turned out shorter than what was set aside for. 0 when it FAILED; when CANCELLED, what the plan charges for that.',
  })
  creditCost!: number;

  @Field(() => Boolean, { description: 'Whether credits were taken for it.' })
  billed!: boolean;

  @Field(() => Float, { description: 'Seconds that it takes as a rule.' })
  estimatedTime!: number;

  @Field(() => Int, { description: '0 to 100; never falls.' })
  progress!: number;

  @Field(() => GenerationError, { nullable: true, description: 'Why it failed; null unless FAILED.' })
  error!: GenerationError | null;

  @Field(() => ErrorCodeEnum, {
    nullable: true,
    description:
      'As `error.code`; null unless FAILED. For those who ask for `error` without fields, and so get its message: beside either of the two, `status` is in lower case.',
  })
  errorCode!: ErrorCode | null;

  @Field(() => Routing, { description: 'How provider and model were chosen.' })
  routing!: Routing;

  @Field(() => DateTime, { description: 'When it was accepted.' })
  createdAt!: string;

  @Field(() => DateTime, { nullable: true, description: 'When the provider began. Null while QUEUED.' })
  startedAt!: string | null;

  @Field(() => DateTime, { nullable: true, description: 'When it ended, in whatever way. Null until then.' })
  completedAt!: string | null;

  @Field(() => Int, { description: 'Grows with each change.' })
  version!: number;
}
