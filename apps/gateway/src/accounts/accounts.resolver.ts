import type { Principal } from '@doitong/contracts';
import { Context, Extensions, Query, ResolveField, Resolver } from '@nestjs/graphql';
import { needs } from '../auth/scopes.js';
import { Account, AccountLimits, AccountUsage } from './account.type.js';
import { AccountsService } from './accounts.service.js';

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
}
