import { type Account, billing, type Principal } from '@doitong/contracts';
import { MessageBus } from '@doitong/service-kit';
import { Injectable } from '@nestjs/common';

@Injectable()
export class AccountsService {
  constructor(private readonly bus: MessageBus) {}

  get({ accountId }: Principal): Promise<Account> {
    return this.bus.request(billing.account, { accountId });
  }
}
