import { admin, billing, type ReplyOf, type RequestOf } from '@doitong/contracts';
import { Handles } from '@doitong/service-kit';
import { Controller } from '@nestjs/common';
import { AccountsService } from './accounts.service.js';

@Controller()
export class AccountsController {
  constructor(private readonly accounts: AccountsService) {}

  @Handles(billing.account)
  account({ accountId }: RequestOf<typeof billing.account>): Promise<ReplyOf<typeof billing.account>> {
    return this.accounts.get(accountId);
  }

  @Handles(admin.accountCreate)
  create(request: RequestOf<typeof admin.accountCreate>): Promise<ReplyOf<typeof admin.accountCreate>> {
    return this.accounts.create(request);
  }
}
