import {
  type AccountDetails,
  type AccountStatus,
  type admin,
  type billing,
  DoitongError,
  invalidInput,
  type ReplyOf,
  type RequestOf,
} from '@doitong/contracts';
import { Ids, Logger } from '@doitong/service-kit';
import { Injectable } from '@nestjs/common';
import { ApiKeyFactory, allPowers } from '../api-keys/api-key-factory.js';
import { KeyChanges } from '../api-keys/key-changes.js';
import { statusTransitions } from './account-status.js';
import { AccountsRepository } from './accounts.repository.js';

@Injectable()
export class AccountsService {
  constructor(
    private readonly accounts: AccountsRepository,
    private readonly keys: ApiKeyFactory,
    private readonly changes: KeyChanges,
    private readonly ids: Ids,
    private readonly logger: Logger,
  ) {}

  /** NOT_FOUND. */
  async get(accountId: string): Promise<AccountDetails> {
    const account = await this.accounts.find(accountId);
    if (!account) throw noSuchAccount();
    return account;
  }

  /** NOT_FOUND, FORBIDDEN. */
  async limits(accountId: string): Promise<ReplyOf<typeof billing.limits>> {
    const { status, plan, limits } = await this.get(accountId);
    if (status !== 'ACTIVE') throw new DoitongError('FORBIDDEN', 'This account is not active.');
    return { plan, limits };
  }

  /** An account with its first credits, one test and one live key. The secrets leave with this answer and are not kept. */
  async create({
    name,
    plan,
    credits,
  }: RequestOf<typeof admin.accountCreate>): Promise<ReplyOf<typeof admin.accountCreate>> {
    const accountId = this.ids.next('acc');
    const [test, live] = [this.keys.make(allPowers('test')), this.keys.make(allPowers('live'))];
    await this.accounts.create({ id: accountId, name, plan }, [test.key, live.key], credits);
    await this.changes.tell(accountId);
    this.logger.info('account created', { accountId, plan, credits });
    return { accountId, testKey: test.secret, liveKey: live.secret };
  }

  /** A repeat changes nothing. NOT_FOUND; INVALID_INPUT when it is closed. */
  async setStatus(accountId: string, status: AccountStatus): Promise<AccountDetails> {
    const changed = await this.accounts.setStatus(accountId, status, statusTransitions);
    if (!changed) throw noSuchAccount();
    if (changed.from !== status && !statusTransitions[changed.from].includes(status)) {
      throw invalidInput('accountId', `This account is ${changed.from} and cannot become ${status}.`);
    }
    await this.changes.tell(accountId);
    this.logger.info('account status set', { accountId, status });
    return this.get(accountId);
  }
}

const noSuchAccount = () => new DoitongError('NOT_FOUND', 'There is no such account.');
