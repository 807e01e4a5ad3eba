import type { Account } from '@doitong/contracts';
import { Database } from '@doitong/service-kit';
import { Injectable } from '@nestjs/common';
import type { NewApiKey } from '../api-keys/api-key-factory.js';
import { ApiKeysRepository } from '../api-keys/api-keys.repository.js';
import { LedgerRepository } from '../ledger/ledger.repository.js';

@Injectable()
export class AccountsRepository {
  constructor(
    private readonly database: Database,
    private readonly keys: ApiKeysRepository,
    private readonly ledger: LedgerRepository,
  ) {}

  async find(id: string): Promise<Account | undefined> {
    const [account] = await this.database.query<Account>(
      'SELECT id, name, plan, available AS credits, held FROM accounts WHERE id = $1',
      [id],
    );
    return account;
  }

  /** Account, keys and opening credits, all or nothing. */
  async create(
    { id, name, plan }: Pick<Account, 'id' | 'name' | 'plan'>,
    keys: NewApiKey[],
    credits: number,
  ): Promise<void> {
    await this.database.transaction(async (tx) => {
      await tx.query('INSERT INTO accounts (id, name, plan) VALUES ($1, $2, $3)', [id, name, plan]);
      await this.keys.insert(tx, id, keys);
      if (credits > 0) await this.ledger.topUp(tx, { accountId: id, credits, reference: id });
    });
  }
}
