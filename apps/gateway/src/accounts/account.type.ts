import type { Plan } from '@doitong/contracts';
import { Field, Float, ID, ObjectType } from '@nestjs/graphql';
import { defineEnum } from '../graphql/define-enum.js';
import { DateTime, Int } from '../graphql/scalars.js';

const PlanEnum = defineEnum<Plan>('Plan', 'What an account may do at most.', {
  FREE: '10 generations a minute, 1 at a time, 100 a day.',
  STARTER: '30 generations a minute, 3 at a time, 1,000 a day.',
  PRO: '60 generations a minute, 10 at a time, 10,000 a day.',
  ENTERPRISE: 'As agreed.',
});

@ObjectType({ description: 'What an account may do at most.' })
export class AccountLimits {
  @Field(() => Int, {
    description: 'Generations that may be asked for within any minute; reads may be ten times as many.',
  })
  requestsPerMinute!: number;

  @Field(() => Int, { description: 'Generations that may run at the same time.' })
  concurrent!: number;

  @Field(() => Int, { nullable: true, description: 'Generations a day, in UTC; null where there is no such limit.' })
  perDay!: number | null;
}

@ObjectType({ description: 'What an account uses of its limits at this moment.' })
export class AccountUsage {
  @Field(() => Int, { description: 'Generations that were asked for within the last minute.' })
  requestsThisMinute!: number;

  @Field(() => Int, { description: 'Generations that run.' })
  concurrent!: number;

  @Field(() => Int, { description: 'Generations that were accepted today, in UTC.' })
  generationsToday!: number;

  @Field(() => DateTime, { description: 'When today ends, and `generationsToday` begins anew.' })
  resetsAt!: string;
}

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
