import type { admin, ReplyOf } from '@doitong/contracts';
import { Database } from '@doitong/service-kit';
import { Injectable } from '@nestjs/common';

/** At most so many discrepancies are listed of each kind: the answer must fit into one message. */
export const LISTED = 100;

/** What must hold of the ledger: each statement finds what breaks one invariant, a line each. */
const checks = [
  `SELECT format('all entries together are %s, not 0', sum(credits)) AS discrepancy
   FROM ledger_entries HAVING sum(credits) <> 0`,

  `SELECT format('posting %s %s sums to %s, not 0', kind, reference, sum(credits)) AS discrepancy
   FROM ledger_entries GROUP BY kind, reference HAVING sum(credits) <> 0`,

  `SELECT format('account %s has %s available and %s held, its entries sum to %s', id, available, held,
     coalesce(entries.credits, 0)) AS discrepancy
   FROM accounts LEFT JOIN (
     SELECT ledger_account, sum(credits) AS credits FROM ledger_entries GROUP BY ledger_account
   ) AS entries ON entries.ledger_account = accounts.id
   WHERE available + held <> coalesce(entries.credits, 0)`,

  `SELECT format('account %s has %s held, its open holds sum to %s', id, held, coalesce(open.credits, 0)) AS discrepancy
   FROM accounts LEFT JOIN (
     SELECT account_id, sum(credits) AS credits FROM holds WHERE status = 'OPEN' GROUP BY account_id
   ) AS open ON open.account_id = accounts.id
   WHERE held <> coalesce(open.credits, 0)`,

  `SELECT format('%s was captured with %s, its entry says %s', generation_id, captured_credits,
     coalesce((-entry.credits)::text, 'nothing')) AS discrepancy
   FROM holds LEFT JOIN ledger_entries AS entry
     ON entry.kind = 'CAPTURE' AND entry.reference = generation_id AND entry.ledger_account = account_id
   WHERE captured_credits <> coalesce(-entry.credits, 0)`,

  `SELECT format('entry %s takes %s from %s for %s, which has no captured hold', entry.id, -entry.credits,
     entry.ledger_account, entry.reference) AS discrepancy
   FROM ledger_entries AS entry LEFT JOIN holds
     ON generation_id = entry.reference AND account_id = entry.ledger_account AND status = 'CAPTURED'
   WHERE entry.kind = 'CAPTURE' AND entry.ledger_account LIKE 'acc%' AND generation_id IS NULL`,

  `SELECT format('account %s has %s available and %s held, its grants have %s left', accounts.id, available, held,
     coalesce(open.remaining, 0)) AS discrepancy
   FROM accounts LEFT JOIN (
     SELECT account_id, sum(remaining) AS remaining FROM grants WHERE live GROUP BY account_id
   ) AS open ON open.account_id = accounts.id
   WHERE available + held <> coalesce(open.remaining, 0)`,

  `SELECT format('grant %s gave %s to %s, its entry says %s', grants.id, grants.credits, account_id,
     coalesce(entry.credits::text, 'nothing')) AS discrepancy
   FROM grants LEFT JOIN ledger_entries AS entry
     ON entry.kind = grants.kind AND entry.reference = grants.reference AND ledger_account = account_id
   WHERE entry.credits IS DISTINCT FROM grants.credits`,

  `SELECT format('entry %s gives %s to %s, which has no grant of it', entry.id, entry.credits, ledger_account) AS discrepancy
   FROM ledger_entries AS entry LEFT JOIN grants ON grants.kind = entry.kind AND grants.reference = entry.reference
   WHERE ledger_account LIKE 'acc%' AND entry.credits > 0 AND grants.id IS NULL`,

  `SELECT format('account %s has a grant that expires at %s, which it is not looked at for', account_id, expires_at) AS discrepancy
   FROM grants JOIN accounts ON accounts.id = account_id
   WHERE live AND expires_at > now() AND (next_expiry_at IS NULL OR next_expiry_at > expires_at)`,

  `SELECT format('%s was given back for %s, of which %s were captured', entry.credits, entry.reference,
     coalesce(captured_credits, 0)) AS discrepancy
   FROM ledger_entries AS entry LEFT JOIN holds ON generation_id = entry.reference AND account_id = ledger_account
   WHERE kind = 'REFUND' AND ledger_account LIKE 'acc%' AND entry.credits > coalesce(captured_credits, 0)`,

  `SELECT format('entry %s is of %s, which does not exist', entry.id, entry.ledger_account) AS discrepancy
   FROM ledger_entries AS entry
   WHERE entry.ledger_account LIKE 'acc%' AND NOT EXISTS (SELECT FROM accounts WHERE id = entry.ledger_account)`,
];

const totals = `
  SELECT
    (SELECT count(*) FROM ledger_entries) AS entries,
    (SELECT count(*) FROM holds WHERE status = 'OPEN') AS "openHolds",
    (SELECT coalesce(sum(captured_credits), 0)::bigint FROM holds WHERE status = 'CAPTURED') AS "capturedCredits"`;

/** A hold as the checker sees it. */
export interface SeenHold {
  generationId: string;
  accountId: string;
  status: 'OPEN' | 'CAPTURED' | 'RELEASED' | 'REFUSED';
  captured: number;
  /** It is open for longer than a generation that is never accepted could leave it. */
  overdue: boolean;
}

const SEEN = `generation_id AS "generationId", account_id AS "accountId", status, captured_credits AS captured`;

type Verdict = Omit<ReplyOf<typeof admin.ledgerVerify>, 'balanced' | 'matched'>;

@Injectable()
export class LedgerCheckRepository {
  constructor(private readonly database: Database) {}

  /** All statements see one snapshot: work that goes on beside them is in none of them or in all. */
  run(): Promise<Verdict> {
    return this.database.transaction(async (tx) => {
      await tx.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY');
      const discrepancies: string[] = [];
      for (const check of checks) {
        const found = await tx.query<{ discrepancy: string }>(`${check} LIMIT ${LISTED}`);
        discrepancies.push(...found.map((row) => row.discrepancy));
      }
      const [counts] = await tx.query<Omit<Verdict, 'discrepancies'>>(totals);
      return { ...counts!, discrepancies };
    });
  }

  async holdsOf(generationIds: string[]): Promise<SeenHold[]> {
    return this.database.query(`SELECT ${SEEN}, false AS overdue FROM holds WHERE generation_id = ANY ($1::text[])`, [
      generationIds,
    ]);
  }

  /** The next holds after this generation, in the order of their ids. */
  async holdsAfter(generationId: string, limit: number, overdueSeconds: number): Promise<SeenHold[]> {
    return this.database.query(
      `SELECT ${SEEN}, status = 'OPEN' AND created_at < now() - make_interval(secs => $3) AS overdue
       FROM holds WHERE generation_id > $1 ORDER BY generation_id LIMIT $2`,
      [generationId, limit, overdueSeconds],
    );
  }
}
