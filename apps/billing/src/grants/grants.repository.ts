import type { Grant } from '@doitong/contracts';
import { Database, type Queryable } from '@doitong/service-kit';
import { Injectable } from '@nestjs/common';

/** The order in which grants are used up. */
const ORDER = 'priority, expires_at, id';

/** When an account must be looked at next, in a statement that frees credits which an expired grant may have been needed for. */
export const NEXT_LOOK =
  'least(next_expiry_at, (SELECT min(expires_at) FROM grants WHERE account_id = accounts.id AND live))';

/**
 * What is left of the credits that came. Grants change only while their account's row is locked, and a statement that reads
 * them to change them begins after that: what it sees is what is there.
 */
@Injectable()
export class GrantsRepository {
  constructor(private readonly database: Database) {}

  async list(accountId: string, limit: number): Promise<(Omit<Grant, 'expiresAt' | 'createdAt'> & Times)[]> {
    return this.database.query(
      `SELECT id, kind, reference, credits, remaining, priority, expires_at AS "expiresAt", created_at AS "createdAt"
       FROM grants WHERE account_id = $1 AND live ORDER BY ${ORDER} LIMIT $2`,
      [accountId, limit],
    );
  }

  /** Uses up credits that were taken from accounts which `tx` has locked. */
  async use(tx: Queryable, taken: Map<string, number>): Promise<void> {
    await tx.query(
      `WITH taken AS (
         SELECT * FROM unnest($1::text[], $2::bigint[]) AS taken (account_id, credits)
       ), ordered AS (
         SELECT id, account_id, remaining,
           sum(remaining) OVER (PARTITION BY account_id ORDER BY ${ORDER}) - remaining AS before
         FROM grants WHERE live AND account_id = ANY ($1::text[])
       )
       UPDATE grants SET remaining = grants.remaining - least(ordered.remaining, taken.credits - before)
       FROM ordered JOIN taken USING (account_id) WHERE grants.id = ordered.id AND before < taken.credits`,
      [[...taken.keys()], [...taken.values()]],
    );
  }

  /**
   * Takes back what is left of the account's grants whose time is up, but for what open holds need of them: these are set
   * against the grants in the order in which they will be used up. Locks the account.
   */
  async expire(tx: Queryable, accountId: string): Promise<void> {
    await tx.query('SELECT FROM accounts WHERE id = $1 FOR NO KEY UPDATE', [accountId]);
    await tx.query(
      `WITH ordered AS (
         SELECT id, remaining, expires_at, sum(remaining) OVER (ORDER BY ${ORDER}) - remaining AS before
         FROM grants WHERE live AND account_id = $1
       ), lapsed AS (
         SELECT ordered.id, remaining - least(remaining, greatest(0, held - before)) AS credits
         FROM ordered JOIN accounts ON accounts.id = $1 WHERE expires_at <= now()
       ), ended AS (
         UPDATE grants SET remaining = remaining - lapsed.credits FROM lapsed
         WHERE grants.id = lapsed.id AND lapsed.credits > 0
         RETURNING grants.id, account_id, remaining, lapsed.credits
       ), posted AS (
         INSERT INTO ledger_entries (kind, reference, ledger_account, credits)
         -- What remains of a grant only ever shrinks: together with its id, it names the posting.
         SELECT 'EXPIRY', format('%s/%s', id, remaining), side.ledger_account, side.credits
         FROM ended CROSS JOIN LATERAL
           (VALUES (account_id, -ended.credits), ('house:expired', ended.credits)) AS side (ledger_account, credits)
       )
       UPDATE accounts SET
         available = available - coalesce((SELECT sum(credits) FROM ended), 0),
         next_expiry_at = (SELECT min(expires_at) FROM grants WHERE account_id = $1 AND live AND expires_at > now())
       WHERE id = $1`,
      [accountId],
    );
  }

  expireAlone(accountId: string): Promise<void> {
    return this.database.transaction((tx) => this.expire(tx, accountId));
  }

  /** Accounts that have a grant whose time is up. */
  async due(limit: number): Promise<string[]> {
    const rows = await this.database.query<{ id: string }>(
      'SELECT id FROM accounts WHERE next_expiry_at <= now() ORDER BY next_expiry_at LIMIT $1',
      [limit],
    );
    return rows.map(({ id }) => id);
  }
}

interface Times {
  expiresAt: Date | null;
  createdAt: Date;
}
