import type { Account, admin, RequestOf } from '@doitong/contracts';
import { Database, type Queryable } from '@doitong/service-kit';
import { Injectable } from '@nestjs/common';
import { isUniqueViolation } from '../sql-errors.js';

export type TopUp = RequestOf<typeof admin.creditsAdd>;

type TopUpOutcome = { kind: 'done' | 'repeat'; account: Account } | { kind: 'conflict' | 'no account' | 'too much' };

@Injectable()
export class LedgerRepository {
  constructor(private readonly database: Database) {}

  /** A repeat of the same reference changes nothing. */
  async topUpOnce(wanted: TopUp): Promise<TopUpOutcome> {
    try {
      const account = await this.topUp(this.database, wanted);
      if (account) return { kind: 'done', account };
      return { kind: (await this.account(wanted.accountId)) ? 'too much' : 'no account' };
    } catch (error) {
      if (!isUniqueViolation(error)) throw error;
    }
    const [same] = await this.database.query<Account>(
      `SELECT accounts.id, name, plan, available AS credits, held FROM ledger_entries
       JOIN accounts ON accounts.id = ledger_account
       WHERE kind = 'TOP_UP' AND reference = $1 AND accounts.id = $2 AND credits = $3`,
      [wanted.reference, wanted.accountId, wanted.credits],
    );
    return same ? { kind: 'repeat', account: same } : { kind: 'conflict' };
  }

  /** Returns nothing when there is no such account or it has no room for so much. Throws on a reference that was used. */
  async topUp(on: Queryable, { accountId, credits, reference }: TopUp): Promise<Account | undefined> {
    const [account] = await on.query<Account>(
      `WITH credited AS (
         UPDATE accounts SET available = available + $2::bigint
         WHERE id = $1 AND available + held + $2::bigint <= ${Number.MAX_SAFE_INTEGER}
         RETURNING id, name, plan, available AS credits, held
       ), posted AS (
         INSERT INTO ledger_entries (kind, reference, ledger_account, credits)
         SELECT 'TOP_UP', $3, side.ledger_account, side.credits
         FROM credited CROSS JOIN LATERAL
           (VALUES (credited.id, $2::bigint), ('house:top-ups', -$2::bigint)) AS side (ledger_account, credits)
       )
       SELECT * FROM credited`,
      [accountId, credits, reference],
    );
    return account;
  }

  private async account(id: string): Promise<{ id: string } | undefined> {
    const [account] = await this.database.query<{ id: string }>('SELECT id FROM accounts WHERE id = $1', [id]);
    return account;
  }
}
