import type { Account, Transaction } from '@doitong/contracts';
import { Database, type Queryable, writeAudit } from '@doitong/service-kit';
import { Injectable } from '@nestjs/common';
import { GrantsRepository } from '../grants/grants.repository.js';
import { isUniqueViolation } from '../sql-errors.js';

/** A change of an account's balance that is asked for. It happens once for each kind and reference. */
export interface Posting {
  kind: 'TOP_UP' | 'PROMOTION' | 'REFUND' | 'ADJUSTMENT';
  reference: string;
  accountId: string;
  /** Negative takes them; never 0. */
  credits: number;
  reason: string | null;
  /** Of the grant that it makes, when it gives credits. */
  priority: number;
  expiresAt: Date | null;
}

/** Of a grant that never expires and is used up with what was paid for. */
export const LASTING = { priority: 100, expiresAt: null };

/** Where the other side of a posting is. These accounts have entries and no row of their own: nothing waits for one. */
const house: Record<Posting['kind'], string> = {
  TOP_UP: 'house:top-ups',
  PROMOTION: 'house:promotions',
  REFUND: 'house:revenue',
  ADJUSTMENT: 'house:adjustments',
};

const ACTIONS: Record<Posting['kind'], string> = {
  TOP_UP: 'credits.add',
  PROMOTION: 'credits.add',
  REFUND: 'credits.refund',
  ADJUSTMENT: 'credits.adjust',
};

function audited(posting: Posting, account: Account) {
  const { kind, reference, accountId, credits, reason, expiresAt } = posting;
  return {
    action: ACTIONS[kind],
    target: accountId,
    accountId,
    before: { credits: account.credits - credits },
    after: { credits: account.credits, kind, reference, reason, expiresAt },
  };
}

const ACCOUNT = 'accounts.id, name, plan, available AS credits, held';

@Injectable()
export class LedgerRepository {
  constructor(
    private readonly database: Database,
    private readonly grants: GrantsRepository,
  ) {}

  /** Undefined when there is no such account, or no room or not enough in it. `repeated`: this kind and reference is there already. */
  async post(posting: Posting): Promise<Account | 'repeated' | undefined> {
    try {
      return await this.database.transaction(async (tx) => {
        const account = posting.credits > 0 ? await this.give(tx, posting) : await this.take(tx, posting);
        if (account) await writeAudit(tx, audited(posting, account));
        return account;
      });
    } catch (error) {
      if (isUniqueViolation(error)) return 'repeated';
      throw error;
    }
  }

  /** What stands under this kind and reference: `same`, and the account as it is now, when it is this posting. */
  async first(posting: Posting): Promise<{ same: false } | { same: true; account: Account } | undefined> {
    const { kind, reference, accountId, credits, reason, priority, expiresAt } = posting;
    const [first] = await this.database.query<Account & { same: boolean }>(
      `SELECT ${ACCOUNT}, entry.ledger_account = $3 AND entry.credits = $4 AND entry.reason IS NOT DISTINCT FROM $5
         AND (grants.id IS NULL OR (priority = $6 AND expires_at IS NOT DISTINCT FROM $7)) AS same
       FROM ledger_entries AS entry JOIN accounts ON accounts.id = ledger_account
         LEFT JOIN grants ON grants.kind = entry.kind AND grants.reference = entry.reference
       WHERE entry.kind = $1 AND entry.reference = $2`,
      [kind, reference, accountId, credits, reason, priority, expiresAt],
    );
    if (!first) return undefined;
    const { same, ...account } = first;
    return same ? { same, account } : { same };
  }

  /** Returns nothing when there is no such account or it has no room for so much. Throws on a reference that was used. */
  async give(tx: Queryable, posting: Posting): Promise<Account | undefined> {
    const { kind, reference, accountId, credits, reason, priority, expiresAt } = posting;
    const [account] = await tx.query<Account>(
      `WITH credited AS (
         UPDATE accounts SET available = available + $4::bigint, next_expiry_at = least(next_expiry_at, $7::timestamptz)
         WHERE id = $3 AND available + held + $4::bigint <= ${Number.MAX_SAFE_INTEGER}
         RETURNING ${ACCOUNT}
       ), granted AS (
         INSERT INTO grants (kind, reference, account_id, credits, remaining, priority, expires_at)
         SELECT $1, $2, id, $4::bigint, $4::bigint, $6, $7 FROM credited
       ), posted AS (
         INSERT INTO ledger_entries (kind, reference, ledger_account, credits, reason)
         SELECT $1, $2, side.ledger_account, side.credits, $5 FROM credited CROSS JOIN LATERAL
           (VALUES (credited.id, $4::bigint), ($8::text, -$4::bigint)) AS side (ledger_account, credits)
       )
       SELECT * FROM credited`,
      [kind, reference, accountId, credits, reason, priority, expiresAt, house[kind]],
    );
    return account;
  }

  /** Returns nothing when there is no such account or it has less to spend. Throws on a reference that was used. */
  private async take(tx: Queryable, posting: Posting): Promise<Account | undefined> {
    const { kind, reference, accountId, credits, reason } = posting;
    await this.grants.expire(tx, accountId);
    const [account] = await tx.query<Account>(
      `WITH debited AS (
         UPDATE accounts SET available = available + $4::bigint WHERE id = $3 AND available + $4::bigint >= 0 RETURNING ${ACCOUNT}
       ), posted AS (
         INSERT INTO ledger_entries (kind, reference, ledger_account, credits, reason)
         SELECT $1, $2, side.ledger_account, side.credits, $5 FROM debited CROSS JOIN LATERAL
           (VALUES (debited.id, $4::bigint), ($6::text, -$4::bigint)) AS side (ledger_account, credits)
       )
       SELECT * FROM debited`,
      [kind, reference, accountId, credits, reason, house[kind]],
    );
    if (account) await this.grants.use(tx, new Map([[accountId, -credits]]));
    return account;
  }

  /** What was captured for a generation, and from whom. */
  async captured(generationId: string): Promise<{ accountId: string; credits: number } | undefined> {
    const [captured] = await this.database.query<{ accountId: string; credits: number }>(
      `SELECT account_id AS "accountId", captured_credits AS credits FROM holds
       WHERE generation_id = $1 AND captured_credits > 0`,
      [generationId],
    );
    return captured;
  }

  /** Newest first; those older than entry `after` only. */
  transactions(
    accountId: string,
    after: number | undefined,
    limit: number,
  ): Promise<(Omit<Transaction, 'createdAt'> & { createdAt: Date })[]> {
    return this.database.query(
      `SELECT id, kind, reference, credits, reason, created_at AS "createdAt" FROM ledger_entries
       WHERE ledger_account = $1 AND ledger_account LIKE 'acc%' AND id < $2 ORDER BY id DESC LIMIT $3`,
      [accountId, after ?? Number.MAX_SAFE_INTEGER, limit],
    );
  }
}
