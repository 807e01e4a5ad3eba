import { type Account, billing, generations, type Principal, type ReplyOf, rateLimit } from '@doitong/contracts';
import { Clock, MessageBus } from '@doitong/service-kit';
import { Injectable } from '@nestjs/common';
import { type AskedPage, parsePage, toConnection } from '../graphql/pages.js';
import type { CreditGrant, CreditTransactionConnection } from './credits.type.js';
import type { AccountSpending, AskedSpending } from './spending.type.js';

@Injectable()
export class AccountsService {
  constructor(
    private readonly bus: MessageBus,
    private readonly clock: Clock,
  ) {}

  get({ accountId }: Principal): Promise<Account> {
    return this.bus.request(billing.account, { accountId });
  }

  usage({ accountId }: Principal): Promise<ReplyOf<typeof rateLimit.usage>> {
    return this.bus.request(rateLimit.usage, { accountId });
  }

  async grants({ accountId }: Principal): Promise<CreditGrant[]> {
    const { grants } = await this.bus.request(billing.grants, { accountId });
    return grants.map(({ id, ...grant }) => ({ ...grant, id: String(id) }));
  }

  async transactions({ accountId }: Principal, asked: AskedPage): Promise<CreditTransactionConnection> {
    const page = parsePage(asked, /^\d{1,15}$/);
    const after = page.after === undefined ? {} : { after: Number(page.after) };
    const found = await this.bus.request(billing.transactions, { accountId, first: page.first, ...after });
    const nodes = found.transactions.map(({ id, ...transaction }) => ({ ...transaction, id: String(id) }));
    return toConnection(nodes, found.more, page);
  }

  async spending({ accountId }: Principal, { from, to, by }: AskedSpending): Promise<AccountSpending[]> {
    const period = { from, to: to ?? this.clock.now().toISOString() };
    const parted = by === 'MODEL' ? 'model' : 'day';
    return (await this.bus.request(generations.spending, { accountId, by: parted, ...period })).rows;
  }
}
