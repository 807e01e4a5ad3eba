import { type Account, billing, type Principal, type ReplyOf, rateLimit } from '@doitong/contracts';
import { MessageBus } from '@doitong/service-kit';
import { Injectable } from '@nestjs/common';

@Injectable()
export class AccountsService {
  constructor(private readonly bus: MessageBus) {}

  get({ accountId }: Principal): Promise<Account> {
    return this.bus.request(billing.account, { accountId });
  }

  usage({ accountId }: Principal): Promise<ReplyOf<typeof rateLimit.usage>> {
    return this.bus.request(rateLimit.usage, { accountId });
  }
}
