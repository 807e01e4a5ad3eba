import type { Grant, Transaction } from '@doitong/contracts';
import { Field, Float, ID, ObjectType } from '@nestjs/graphql';
import { defineEnum } from '../graphql/define-enum.js';
import { PageInfo } from '../graphql/page-info.type.js';
import { DateTime, Int } from '../graphql/scalars.js';

const CreditTransactionKind = defineEnum<Transaction['kind']>('CreditTransactionKind', 'Why credits came or went.', {
  TOP_UP: 'They were bought.',
  PROMOTION: 'They were given away.',
  REFUND: 'What a generation cost was given back.',
  ADJUSTMENT: 'They were given or taken by hand.',
  CAPTURE: 'A generation was charged.',
  EXPIRY: 'What was left of a grant expired.',
});

@ObjectType({ description: 'Credits that came to an account, of which something is left.' })
export class CreditGrant {
  @Field(() => ID, { description: 'Opaque.' })
  id!: string;

  @Field(() => CreditTransactionKind, { description: 'Why they came.' })
  kind!: Grant['kind'];

  @Field(() => Float, { description: 'How many came.' })
  credits!: number;

  @Field(() => Float, { description: 'How many are left; what generations under way may need is part of it.' })
  remaining!: number;

  @Field(() => Int, {
    description: 'Grants of a lower one are used up first; of the same one, those that expire sooner.',
  })
  priority!: number;

  @Field(() => DateTime, { nullable: true, description: 'When what is left expires; null when it does not.' })
  expiresAt!: string | null;

  @Field(() => DateTime, { description: 'When they came.' })
  createdAt!: string;
}

@ObjectType({ description: 'Credits that came or went.' })
export class CreditTransaction {
  @Field(() => ID, { description: 'Opaque.' })
  id!: string;

  @Field(() => CreditTransactionKind, { description: 'Why.' })
  kind!: Transaction['kind'];

  @Field(() => Float, { description: 'How many; below zero when they went.' })
  credits!: number;

  @Field(() => String, { description: 'What it stands for: the id of a generation, or what the payment is called.' })
  reference!: string;

  @Field(() => String, {
    nullable: true,
    description: 'In our words, of an ADJUSTMENT or REFUND; null for the others.',
  })
  reason!: string | null;

  @Field(() => DateTime, { description: 'When it happened.' })
  createdAt!: string;
}

@ObjectType({ description: 'A transaction at its place in a list.' })
export class CreditTransactionEdge {
  @Field(() => String, { description: 'Its place; what `after` takes to go on behind it. Opaque.' })
  cursor!: string;

  @Field(() => CreditTransaction, { description: 'The transaction.' })
  node!: CreditTransaction;
}

@ObjectType({ description: 'One page of the transactions of an account, newest first.' })
export class CreditTransactionConnection {
  @Field(() => [CreditTransactionEdge], { description: 'The transactions on this page.' })
  edges!: CreditTransactionEdge[];

  @Field(() => PageInfo, { description: 'Where this page stands in the list.' })
  pageInfo!: PageInfo;
}
