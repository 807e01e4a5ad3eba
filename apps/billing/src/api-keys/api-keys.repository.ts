import type { Limits, Principal } from '@doitong/contracts';
import { Database, type Queryable } from '@doitong/service-kit';
import { Injectable } from '@nestjs/common';
import type { NewApiKey } from './api-key-factory.js';

type FoundPrincipal = Omit<Principal, 'limits'> & Limits & { accountStatus: string };

@Injectable()
export class ApiKeysRepository {
  constructor(private readonly database: Database) {}

  /** Who stands behind a key that is not revoked. */
  async findPrincipal(hash: Buffer): Promise<FoundPrincipal | undefined> {
    const [found] = await this.database.query<FoundPrincipal>(
      `SELECT accounts.id AS "accountId", accounts.status AS "accountStatus", accounts.plan,
         api_keys.id AS "keyId", api_keys.mode,
         coalesce(accounts.requests_per_minute, plans.requests_per_minute) AS "requestsPerMinute",
         coalesce(accounts.concurrent, plans.concurrent) AS concurrent,
         coalesce(accounts.per_day, plans.per_day) AS "perDay"
       FROM api_keys JOIN accounts ON accounts.id = api_keys.account_id JOIN plans ON plans.name = accounts.plan
       WHERE api_keys.hash = $1 AND api_keys.revoked_at IS NULL`,
      [hash],
    );
    return found;
  }

  async insert(tx: Queryable, accountId: string, keys: NewApiKey[]): Promise<void> {
    for (const { id, mode, hash, prefix, lastFour } of keys) {
      await tx.query(
        'INSERT INTO api_keys (id, account_id, mode, hash, prefix, last_four) VALUES ($1, $2, $3, $4, $5, $6)',
        [id, accountId, mode, hash, prefix, lastFour],
      );
    }
  }
}
