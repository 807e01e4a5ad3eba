import type { ModelManifest } from '@doitong/contracts';
import { Field, Float, ID, ObjectType } from '@nestjs/graphql';
import { defineEnum } from '../graphql/define-enum.js';
import { Int, Json } from '../graphql/scalars.js';

export type Lifecycle = ModelManifest['lifecycle'];
export type InputUse = 'REQUIRED' | 'OPTIONAL' | 'UNSUPPORTED';

const LifecycleEnum = defineEnum<Lifecycle>('ModelLifecycle', 'Whether the vendor still keeps a model.', {
  ACTIVE: 'It is kept.',
  DEPRECATED: 'It is about to be retired. It still serves who asks for it, and is never chosen for you.',
  RETIRED: 'It is no more. Who asks for it is served by its `successor`, which `metadata.adjustments` then says.',
});

const InputUseEnum = defineEnum<InputUse>('InputUse', 'Whether a model takes an input.', {
  REQUIRED: 'There is no generation without it.',
  OPTIONAL: 'It may be given.',
  UNSUPPORTED: 'It must not be given.',
});

@ObjectType({ description: 'What a generation costs and takes with default options.' })
export class Pricing {
  @Field(() => Int, { description: 'Credits; where it is as long as its sound, for a usual length.' })
  creditCost!: number;

  @Field(() => Float, { description: 'Seconds.' })
  estimatedTime!: number;
}

@ObjectType({ description: 'An option that `GenerateInput.options` may hold.' })
export class ProviderOption {
  @Field(() => String, { description: 'Its key.' })
  name!: string;

  @Field(() => String, {
    description: 'JSON Schema type: `string`, `integer`, `number`, `boolean`, `array` or `object`.',
  })
  type!: string;

  @Field(() => Boolean, { description: 'Whether there is no generation without it.' })
  required!: boolean;

  @Field(() => String, { nullable: true, description: 'What it does; null where its name says that.' })
  description?: string;

  @Field(() => [Json], { nullable: true, description: 'All that it may be; null when that cannot be listed.' })
  allowedValues?: unknown[];

  @Field(() => Json, { nullable: true, description: 'What it is when absent; null when that is left to the provider.' })
  default?: unknown;

  @Field(() => Json, { description: 'JSON Schema of its value, with its bounds.' })
  schema!: unknown;
}

@ObjectType({ description: 'How a model uses each input of `GenerationInput`.' })
export class ModelInputs {
  @Field(() => InputUseEnum, { description: 'Of `text`.' })
  text!: InputUse;

  @Field(() => InputUseEnum, { description: 'Of `image`.' })
  image!: InputUse;

  @Field(() => InputUseEnum, { description: 'Of `audio`.' })
  audio!: InputUse;

  @Field(() => InputUseEnum, { description: 'Of `voice`.' })
  voice!: InputUse;
}

@ObjectType({ description: 'One model of a vendor.' })
export class Model {
  @Field(() => ID, { description: 'What `options.model` takes; unique within its provider.' })
  id!: string;

  @Field(() => String, { description: 'Its name.' })
  name!: string;

  @Field(() => LifecycleEnum, { description: 'Whether the vendor still keeps it.' })
  lifecycle!: Lifecycle;

  @Field(() => ID, {
    nullable: true,
    description: 'Id of the model of the same provider that takes its place once it is retired; null where none does.',
  })
  successor?: string;

  @Field(() => ModelInputs, { description: 'What it can start from.' })
  inputs!: ModelInputs;

  @Field(() => Int, { description: 'Characters that `input.text` may have.' })
  maxCharacters!: number;

  @Field(() => Pricing, { description: 'What a generation costs and takes with its default options.' })
  pricing!: Pricing;

  @Field(() => Float, { description: 'Seconds after which a generation of it is given up, and not charged.' })
  deadline!: number;

  @Field(() => [ProviderOption], { description: 'The options that it takes.' })
  options!: ProviderOption[];

  @Field(() => Json, { description: 'JSON Schema of `GenerateInput.options` as a whole when they name this model.' })
  optionsSchema!: unknown;
}
