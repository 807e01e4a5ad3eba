import type { ContentType } from '@doitong/contracts';
import { Field, Float, ID, Int, ObjectType } from '@nestjs/graphql';
import { GenerationTypeEnum } from '../generations/enums.js';
import { Json } from '../graphql/scalars.js';

@ObjectType({ description: 'What a generation costs and takes, with the default options of the default model.' })
export class Pricing {
  @Field(() => Int, { description: 'Credits.' })
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

  @Field(() => String, { nullable: true, description: 'What it does, where that is not plain.' })
  description?: string;

  @Field(() => [Json], { nullable: true, description: 'All that it may be; null when that cannot be listed.' })
  allowedValues?: unknown[];

  @Field(() => Json, { nullable: true, description: 'What it is when absent; null when that is left to the provider.' })
  default?: unknown;
}

@ObjectType({ description: 'A product line that makes generations of one type, with one or more models.' })
export class Provider {
  @Field(() => ID, { description: 'What `GenerateInput.provider` takes.' })
  id!: string;

  @Field(() => String, { description: 'Its name.' })
  name!: string;

  @Field(() => String, { description: 'What it is good for.' })
  description!: string;

  @Field(() => GenerationTypeEnum, { description: 'What it makes.' })
  type!: ContentType;

  @Field(() => Boolean, { description: 'Whether it can take work at the moment.' })
  available!: boolean;

  @Field(() => [String], { description: 'What it can do.' })
  features!: string[];

  @Field(() => [String], { description: 'What it cannot do.' })
  limitations!: string[];

  @Field(() => Pricing, { description: 'What a typical generation costs and takes.' })
  pricing!: Pricing;

  @Field(() => [ProviderOption], { description: 'The options of its default model, and `model` to pick another.' })
  options!: ProviderOption[];
}
