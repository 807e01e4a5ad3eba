import { type Account, type admin, billing, DoitongError, type ReplyOf, type RequestOf } from '@doitong/contracts';
import { Ids, Logger, MessageBus } from '@doitong/service-kit';
import { Injectable } from '@nestjs/common';
import { ApiKeyFactory } from '../api-keys/api-key-factory.js';
import { AccountsRepository } from './accounts.repository.js';

@Injectable()
export class AccountsService {
  constructor(
    private readonly accounts: AccountsRepository,
    private readonly keys: ApiKeyFactory,
    private readonly ids: Ids,
    private readonly bus: MessageBus,
    private readonly logger: Logger,
  ) {}

  /** NOT_FOUND. */
  async get(accountId: string): Promise<Account> {
    const account = await this.accounts.find(accountId);
    if (!account) throw new DoitongError('NOT_FOUND', 'There is no such account.');
    return account;
  }

  /** An account with its first credits, one test and one live key. The secrets leave with this answer and are not kept. */
  async create({
    name,
    plan,
    credits,
  }: RequestOf<typeof admin.accountCreate>): Promise<ReplyOf<typeof admin.accountCreate>> {
    const accountId = this.ids.next('acc');
    const [test, live] = [this.keys.make('test'), this.keys.make('live')];
    await this.accounts.create({ id: accountId, name, plan }, [test.key, live.key], credits);
    this.bus.broadcast(billing.keysChanged, { accountId });
    this.logger.info('account created', { accountId, plan, credits });
    return { accountId, testKey: test.secret, liveKey: live.secret };
  }
}
