import type { Principal } from '@doitong/contracts';
import { Context, Query, Resolver } from '@nestjs/graphql';
import { Account } from './account.type.js';
import { AccountsService } from './accounts.service.js';

@Resolver(() => Account)
export class AccountsResolver {
  constructor(private readonly accounts: AccountsService) {}

  @Query(() => Account, { description: 'The account that the API key belongs to.' })
  account(@Context('principal') principal: Principal): Promise<Account> {
    return this.accounts.get(principal);
  }
}
