import type { generations, RequestOf } from '@doitong/contracts';
import { Field, Float, ID, ObjectType } from '@nestjs/graphql';
import { defineEnum } from '../graphql/define-enum.js';
import { Int } from '../graphql/scalars.js';

type Asked = RequestOf<typeof generations.spending>;
/** The period; `to` is now where it is absent. */
export type AskedSpending = { from: string; to?: string | null; by: Uppercase<Asked['by']> };

export const SpendingBy = defineEnum<AskedSpending['by']>('SpendingBy', 'How the generations of a period are parted.', {
  MODEL: 'By the provider and the model that made them.',
  DAY: 'By the day on which they were accepted, in UTC.',
});

@ObjectType({ description: 'What an account spent on the generations that have something in common.' })
export class AccountSpending {
  @Field(() => ID, { nullable: true, description: 'The provider that made them; null unless parted by MODEL.' })
  provider?: string;

  @Field(() => ID, { nullable: true, description: 'The model that made them; null unless parted by MODEL.' })
  model?: string;

  @Field(() => String, {
    nullable: true,
    description: 'The day on which they were accepted, such as `2025-01-31`; null unless parted by DAY.',
  })
  day?: string;

  @Field(() => Int, { description: 'How many were completed, or cancelled at a cost; others cost nothing.' })
  generations!: number;

  @Field(() => Float, { description: 'Whole credits that they cost. What was given back afterwards is not taken off.' })
  credits!: number;
}
