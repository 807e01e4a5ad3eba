import { Field, Float, ID, ObjectType } from '@nestjs/graphql';
import { DateTime, Int } from '../graphql/scalars.js';
import { Routing } from './generation.type.js';

@ObjectType({
  description:
    'What a request costs and who serves it: a promise to whoever sends the same request with `quoteId` before it expires.',
})
export class Quote {
  @Field(() => ID, {
    description:
      'What `GenerateInput.quoteId` takes, any number of times until it expires. Opaque; begins with `quo_`.',
  })
  id!: string;

  @Field(() => Int, {
    description:
      'Credits: exact, or, of a model whose output is as long as its sound where no option says how long, the most that is charged.',
  })
  creditCost!: number;

  @Field(() => String, { description: 'Id of the provider that will do it.' })
  provider!: string;

  @Field(() => String, { description: 'Id of the model that will do it.' })
  model!: string;

  @Field(() => Float, { description: 'Seconds that it takes as a rule.' })
  estimatedTime!: number;

  @Field(() => [String], { description: 'Where what will be done differs from what was asked for, a sentence each.' })
  adjustments!: string[];

  @Field(() => Routing, { description: 'How provider and model were chosen.' })
  routing!: Routing;

  @Field(() => DateTime, { description: 'Until when it holds.' })
  expiresAt!: string;
}
