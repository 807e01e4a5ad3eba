import { type AccountDetails, admin, billing, type ReplyOf, type RequestOf } from '@doitong/contracts';
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

  @Handles(billing.limits)
  limits({ accountId }: RequestOf<typeof billing.limits>): Promise<ReplyOf<typeof billing.limits>> {
    return this.accounts.limits(accountId);
  }

  @Handles(admin.accountCreate)
  create(request: RequestOf<typeof admin.accountCreate>): Promise<ReplyOf<typeof admin.accountCreate>> {
    return this.accounts.create(request);
  }

  @Handles(admin.accountShow)
  show({ accountId }: RequestOf<typeof admin.accountShow>): Promise<AccountDetails> {
    return this.accounts.get(accountId);
  }

  @Handles(admin.accountSuspend)
  suspend({ accountId }: RequestOf<typeof admin.accountSuspend>): Promise<AccountDetails> {
    return this.accounts.setStatus(accountId, 'SUSPENDED');
  }

  @Handles(admin.accountResume)
  resume({ accountId }: RequestOf<typeof admin.accountResume>): Promise<AccountDetails> {
    return this.accounts.setStatus(accountId, 'ACTIVE');
  }

  @Handles(admin.accountClose)
  close({ accountId }: RequestOf<typeof admin.accountClose>): Promise<AccountDetails> {
    return this.accounts.setStatus(accountId, 'CLOSED');
  }
}
