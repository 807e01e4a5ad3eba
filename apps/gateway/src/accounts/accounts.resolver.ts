import type { Principal } from '@doitong/contracts';
import { Args, Context, Extensions, Query, ResolveField, Resolver } from '@nestjs/graphql';
import { needs } from '../auth/scopes.js';
import { PAGE } from '../graphql/pages.js';
import { DateTime, Int } from '../graphql/scalars.js';
import { Account, AccountLimits, AccountUsage } from './account.type.js';
import { AccountsService } from './accounts.service.js';
import { CreditGrant, CreditTransactionConnection } from './credits.type.js';
import { AccountSpending, type AskedSpending, SpendingBy } from './spending.type.js';

@Resolver(() => Account)
export class AccountsResolver {
  constructor(private readonly accounts: AccountsService) {}

  @Query(() => Account, { description: 'The account that the API key belongs to.' })
  @Extensions(needs('read'))
  account(@Context('principal') principal: Principal): Promise<Account> {
    return this.accounts.get(principal);
  }

  @ResolveField(() => AccountLimits, { description: 'What it may do at most.' })
  limits(@Context('principal') principal: Principal): AccountLimits {
    return principal.limits;
  }

  @ResolveField(() => AccountUsage, { description: 'What it uses of its limits at this moment.' })
  usage(@Context('principal') principal: Principal): Promise<AccountUsage> {
    return this.accounts.usage(principal);
  }

  @ResolveField(() => [CreditGrant], {
    description: 'The credits that it has, by how they came, in the order in which they are used up; at most 500.',
  })
  @Extensions(needs('billing'))
  grants(@Context('principal') principal: Principal): Promise<CreditGrant[]> {
    return this.accounts.grants(principal);
  }

  @ResolveField(() => CreditTransactionConnection, {
    description: 'What credits came and went, newest first, page by page. What is set aside has not gone.',
  })
  @Extensions(needs('billing'))
  transactions(
    @Context('principal') principal: Principal,
    @Args('first', { type: () => Int, defaultValue: PAGE, nullable: true, description: 'How many at most, 1 to 100.' })
    first?: number | null,
    @Args('after', { type: () => String, nullable: true, description: 'A cursor: only those behind its place.' })
    after?: string | null,
  ): Promise<CreditTransactionConnection> {
    return this.accounts.transactions(principal, { first, after });
  }

  @ResolveField(() => [AccountSpending], {
    description:
      'What it spent on the generations of a period of at most 92 days, in the order of model or day; where it spent nothing, nothing is told.',
  })
  @Extensions(needs('billing'))
  spending(
    @Context('principal') principal: Principal,
    @Args('from', { type: () => DateTime, description: 'Generations that were accepted from then on.' }) from: string,
    @Args('by', { type: () => SpendingBy, description: 'How they are parted.' }) by: AskedSpending['by'],
    @Args('to', {
      type: () => DateTime,
      nullable: true,
      description: 'Those that were accepted before; now when absent.',
    })
    to?: string | null,
  ): Promise<AccountSpending[]> {
    return this.accounts.spending(principal, { from, to, by });
  }
}
