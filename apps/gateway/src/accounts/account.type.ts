import type { Plan } from '@doitong/contracts';
import { Field, Float, ID, ObjectType } from '@nestjs/graphql';
import { defineEnum } from '../graphql/define-enum.js';

const PlanEnum = defineEnum<Plan>('Plan', 'What an account may do at most.', {
  FREE: '10 generations a minute, 1 at a time, 100 a day.',
  STARTER: '30 generations a minute, 3 at a time, 1,000 a day.',
  PRO: '60 generations a minute, 10 at a time, 10,000 a day.',
  ENTERPRISE: 'As agreed.',
});

@ObjectType({ description: 'The account that the API key belongs to.' })
export class Account {
  @Field(() => ID, { description: 'Opaque; begins with `acc_`.' })
  id!: string;

  @Field(() => String, { description: 'Its name.' })
  name!: string;

  @Field(() => PlanEnum, { description: 'Its plan.' })
  plan!: Plan;

  @Field(() => Float, { description: 'Whole credits that can be spent.' })
  credits!: number;

  @Field(() => Float, { description: 'Whole credits that are set aside for generations under way.' })
  held!: number;
}
