import type { Account, AccountDetails, AccountStatus, Limits } from '@doitong/contracts';
import { Database, type Queryable, writeAudit } from '@doitong/service-kit';
import { Injectable } from '@nestjs/common';
import type { NewApiKey } from '../api-keys/api-key-factory.js';
import { ApiKeysRepository } from '../api-keys/api-keys.repository.js';
import { LASTING, LedgerRepository } from '../ledger/ledger.repository.js';
import { inForce } from '../plans/limits-in-force.js';

type DetailsRow = Omit<AccountDetails, 'limits' | 'createdAt'> & Limits & { createdAt: Date };

@Injectable()
export class AccountsRepository {
  constructor(
    private readonly database: Database,
    private readonly keys: ApiKeysRepository,
    private readonly ledger: LedgerRepository,
  ) {}

  async find(id: string): Promise<AccountDetails | undefined> {
    const [row] = await this.database.query<DetailsRow>(
      `SELECT id, accounts.name, plan, status, available AS credits, held, created_at AS "createdAt", ${inForce}
       FROM accounts JOIN plans ON plans.name = plan WHERE id = $1`,
      [id],
    );
    if (!row) return undefined;
    const { requestsPerMinute, concurrent, perDay, createdAt, ...account } = row;
    return { ...account, limits: { requestsPerMinute, concurrent, perDay }, createdAt: createdAt.toISOString() };
  }

  /** Nobody else changes it until the transaction ends. */
  async lockStatus(tx: Queryable, id: string): Promise<AccountStatus | undefined> {
    const [row] = await tx.query<{ status: AccountStatus }>('SELECT status FROM accounts WHERE id = $1 FOR UPDATE', [
      id,
    ]);
    return row?.status;
  }

  /** Account, keys and opening credits, all or nothing. */
  async create(
    { id, name, plan }: Pick<Account, 'id' | 'name' | 'plan'>,
    keys: NewApiKey[],
    credits: number,
  ): Promise<void> {
    await this.database.transaction(async (tx) => {
      await tx.query('INSERT INTO accounts (id, name, plan) VALUES ($1, $2, $3)', [id, name, plan]);
      for (const key of keys) await this.keys.insert(tx, id, key);
      if (credits > 0) {
        const opening = { kind: 'TOP_UP', reference: id, accountId: id, credits, reason: null, ...LASTING } as const;
        await this.ledger.give(tx, opening);
      }
      const after = { name, plan, credits, keys: keys.map((key) => key.id) };
      await writeAudit(tx, { action: 'account.create', target: id, accountId: id, after });
    });
  }

  /**
   * Brings an account into another status; one that is closed loses its keys. `from`, as it was: nothing was changed when it is the same
   * or does not lead to the other. Undefined when there is no such account.
   */
  async setStatus(
    id: string,
    status: AccountStatus,
    transitions: Record<AccountStatus, AccountStatus[]>,
  ): Promise<{ from: AccountStatus } | undefined> {
    return this.database.transaction(async (tx) => {
      const from = await this.lockStatus(tx, id);
      if (!from || !transitions[from].includes(status)) return from && { from };
      await tx.query('UPDATE accounts SET status = $2 WHERE id = $1', [id, status]);
      const revokedKeys = status === 'CLOSED' ? { revokedKeys: await this.keys.revokeAll(tx, id) } : {};
      const action = `account.${ACTIONS[status]}`;
      await writeAudit(tx, {
        action,
        target: id,
        accountId: id,
        before: { status: from },
        after: { status, ...revokedKeys },
      });
      return { from };
    });
  }
}

const ACTIONS: Record<AccountStatus, string> = { ACTIVE: 'resume', SUSPENDED: 'suspend', CLOSED: 'close' };
