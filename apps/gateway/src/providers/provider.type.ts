import type { ContentType } from '@doitong/contracts';
import { Field, ID, ObjectType } from '@nestjs/graphql';
import { GenerationTypeEnum } from '../generations/enums.js';
import { Model, Pricing, ProviderOption } from './model.type.js';

@ObjectType({ description: 'A product line that makes generations of one type, with one or more models.' })
export class Provider {
  @Field(() => ID, { description: 'What `GenerateInput.provider` takes.' })
  id!: string;

  @Field(() => [String], { description: 'Other names that stand for its id wherever that is taken.' })
  aliases!: string[];

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

  @Field(() => Pricing, {
    description: 'What a generation costs and takes with the default options of its default model.',
  })
  pricing!: Pricing;

  @Field(() => [ProviderOption], { description: 'The options of its default model, and `model` to pick another.' })
  options!: ProviderOption[];

  @Field(() => [Model], {
    description: 'Its models. The first one that can do a request is the default for it.',
  })
  models!: Model[];
}
