import type { billing, HoldChange, RequestOf, Settlement } from '@doitong/contracts';
import { Database, type Queryable } from '@doitong/service-kit';
import { Injectable } from '@nestjs/common';
import { GrantsRepository, NEXT_LOOK } from '../grants/grants.repository.js';
import { isUniqueViolation } from '../sql-errors.js';

export type WantedHold = RequestOf<typeof billing.hold>;

export interface Hold {
  accountId: string;
  credits: number;
  status: 'OPEN' | 'CAPTURED' | 'RELEASED' | 'REFUSED';
  expiresAt: Date;
}

/** What became of a change: `refused` when the account cannot pay for it, or is not active. */
type Resized = 'done' | 'not open' | { refused: { accountStatus: string; available: number } };

interface Resolved {
  unknown: string[];
  capped: string[];
  taken: Record<string, number> | null;
}

/**
 * Every statement that moves credits locks the accounts first, in order of their ids, and the holds after them, so that
 * no two of them wait for each other. One that locks an account and changes it writes what it read under the lock: what it would
 * compute from the row itself is computed, and checked, from the state before it waited first.
 */
@Injectable()
export class HoldsRepository {
  constructor(
    private readonly database: Database,
    private readonly grants: GrantsRepository,
  ) {}

  /**
   * Places holds, in one statement. The new hold's expiry for each, or nothing: when the account cannot pay for it beside those before
   * it, has a grant whose time is up, or one of all these generations has a hold already.
   */
  async place(wanted: WantedHold[], ttlSeconds: number): Promise<(Date | undefined)[]> {
    try {
      const holds = await this.database.query<{ generationId: string; expiresAt: Date }>(
        `WITH wanted AS (
           SELECT generation_id, account_id, credits, sum(credits) OVER (PARTITION BY account_id ORDER BY place) AS together
           FROM unnest($1::text[], $2::text[], $3::bigint[]) WITH ORDINALITY AS wanted (generation_id, account_id, credits, place)
         ), locked AS (
           SELECT id, available, held FROM accounts
           WHERE id = ANY ($2::text[]) AND status = 'ACTIVE' AND (next_expiry_at IS NULL OR next_expiry_at > now())
           ORDER BY id FOR NO KEY UPDATE
         ), payable AS (
           SELECT generation_id, account_id, credits, available, held FROM wanted JOIN locked ON id = account_id
           WHERE together <= available
         ), total AS MATERIALIZED (
           SELECT account_id, available - sum(credits)::bigint AS available, held + sum(credits)::bigint AS held
           FROM payable GROUP BY account_id, payable.available, payable.held
         ), debited AS (
           UPDATE accounts SET available = total.available, held = total.held FROM total
           WHERE accounts.id = total.account_id AND accounts.id = ANY ($2::text[])
         )
         INSERT INTO holds (generation_id, account_id, credits, status, expires_at)
         SELECT generation_id, account_id, credits, 'OPEN', now() + make_interval(secs => $4) FROM payable
         RETURNING generation_id AS "generationId", expires_at AS "expiresAt"`,
        [
          wanted.map(({ generationId }) => generationId),
          wanted.map(({ accountId }) => accountId),
          wanted.map(({ credits }) => credits),
          ttlSeconds,
        ],
      );
      const placed = new Map(holds.map(({ generationId, expiresAt }) => [generationId, expiresAt]));
      return wanted.map(({ generationId }) => placed.get(generationId));
    } catch (error) {
      // The key took back the debits together with the second hold.
      if (isUniqueViolation(error)) return wanted.map(() => undefined);
      throw error;
    }
  }

  /**
   * Why nothing was placed. Records the refusal when the credits are not there. `hold` is the one that stands for this
   * generation, the refused one included.
   */
  async refuseOrFind({
    generationId,
    accountId,
    credits,
  }: WantedHold): Promise<
    { accountStatus: string; available: number; expiryDue: boolean; hold: Hold | null } | undefined
  > {
    const [why] = await this.database.query<
      { accountStatus: string; available: number; expiryDue: boolean } & Partial<Hold>
    >(
      `WITH refused AS (
         INSERT INTO holds (generation_id, account_id, credits, status, expires_at, resolved_at)
         SELECT $1, id, $3::bigint, 'REFUSED', now(), now() FROM accounts
         WHERE id = $2 AND status = 'ACTIVE' AND available < $3::bigint
         ON CONFLICT (generation_id) DO NOTHING
         RETURNING *
       ), standing AS (
         SELECT * FROM refused UNION ALL SELECT * FROM holds WHERE generation_id = $1
       )
       SELECT accounts.status AS "accountStatus", accounts.available,
         coalesce(next_expiry_at <= now(), false) AS "expiryDue", standing.account_id AS "accountId",
         standing.credits, standing.status, standing.expires_at AS "expiresAt"
       FROM accounts LEFT JOIN standing ON true WHERE accounts.id = $2`,
      [generationId, accountId, credits],
    );
    if (!why) return undefined;
    const { accountStatus, available, expiryDue, ...hold } = why;
    return { accountStatus, available, expiryDue, hold: hold.status ? (hold as Hold) : null };
  }

  /**
   * Resolves those of the holds that are open: a capture takes at most what is held, gives back the rest and is posted to
   * the ledger. Of several items for one hold the first counts. `capped` are the captures that asked for more.
   */
  async settle(items: Settlement[]): Promise<{ unknown: string[]; capped: string[] }> {
    const first = new Map([...items].reverse().map((item) => [item.generationId, item]));
    const captures = new Map(
      [...first.values()]
        .filter(({ outcome }) => outcome === 'CAPTURE')
        .map(({ generationId, credits }) => [generationId, credits]),
    );
    if (captures.size === 0) return this.resolve(this.database, [...first.keys()], captures);
    return this.database.transaction(async (tx) => {
      const { taken, ...outcome } = await this.resolve(tx, [...first.keys()], captures);
      const credits = new Map(Object.entries(taken ?? {}));
      if (credits.size > 0) await this.grants.use(tx, credits);
      return outcome;
    });
  }

  /**
   * Lists go in and out as arrays: they are looked up by hash, where a join would be planned for the few rows of a guess.
   * `taken`: what was captured of each account, which it has locked.
   */
  private async resolve(on: Queryable, generationIds: string[], captures: Map<string, number>): Promise<Resolved> {
    const [outcome] = await on.query<Resolved>(
      `WITH found AS (
         SELECT generation_id, account_id, credits, status FROM holds WHERE generation_id = ANY ($1::text[])
       ), locked AS (
         SELECT id, available, held FROM accounts WHERE id = ANY (ARRAY(SELECT account_id FROM found WHERE status = 'OPEN'))
         ORDER BY id FOR NO KEY UPDATE
       ), resolved AS (
         UPDATE holds SET
           status = CASE WHEN $2::jsonb ? generation_id THEN 'CAPTURED' ELSE 'RELEASED' END,
           captured_credits = least(credits, coalesce(($2::jsonb ->> generation_id)::bigint, 0)),
           resolved_at = now()
         WHERE generation_id = ANY ($1::text[]) AND account_id = ANY (ARRAY(SELECT id FROM locked))
           -- Open, but said so that the plan does not walk the sweeper's index of all open holds.
           AND resolved_at IS NULL
         RETURNING generation_id, account_id, credits, captured_credits
       ), total AS MATERIALIZED (
         SELECT id, sum(captured_credits)::bigint AS captured, held - sum(credits)::bigint AS held,
           available + sum(credits - captured_credits)::bigint AS available
         FROM resolved JOIN locked ON id = account_id GROUP BY id, locked.available, locked.held
       ), balanced AS (
         UPDATE accounts SET available = total.available, held = total.held, next_expiry_at = ${NEXT_LOOK}
         FROM total WHERE accounts.id = total.id
       ), posted AS (
         INSERT INTO ledger_entries (kind, reference, ledger_account, credits)
         SELECT 'CAPTURE', resolved.generation_id, side.ledger_account, side.credits
         FROM resolved CROSS JOIN LATERAL
           (VALUES (account_id, -captured_credits), ('house:revenue', captured_credits)) AS side (ledger_account, credits)
         WHERE captured_credits > 0
       )
       SELECT
         ARRAY(SELECT id FROM unnest($1::text[]) AS id WHERE id <> ALL (ARRAY(SELECT generation_id FROM found))) AS unknown,
         ARRAY(
           SELECT generation_id FROM found
           WHERE status = 'OPEN' AND credits < ($2::jsonb ->> generation_id)::bigint
         ) AS capped,
         (SELECT jsonb_object_agg(id, captured) FROM total WHERE captured > 0) AS taken`,
      [generationIds, JSON.stringify(Object.fromEntries(captures))],
    );
    return outcome!;
  }

  /**
   * Changes what an open hold has: `to` tells how much, from what it has. For an earlier attempt than the one it was last
   * changed for, nothing changes.
   */
  resize({ generationId, attemptNumber }: HoldChange, to: (held: number) => number): Promise<Resized> {
    return this.database.transaction(async (tx) => {
      const [of] = await tx.query<{ accountId: string }>(
        'SELECT account_id AS "accountId" FROM holds WHERE generation_id = $1',
        [generationId],
      );
      if (!of) return 'not open';
      await this.grants.expire(tx, of.accountId);
      const [account] = await tx.query<{ status: string; available: number }>(
        'SELECT status, available FROM accounts WHERE id = $1',
        [of.accountId],
      );
      const [hold] = await tx.query<{ credits: number; latest: number }>(
        `SELECT credits, attempt_number AS latest FROM holds WHERE generation_id = $1 AND status = 'OPEN' FOR UPDATE`,
        [generationId],
      );
      if (!account || !hold) return 'not open';
      if (attemptNumber < hold.latest) return 'done';
      const more = to(hold.credits) - hold.credits;
      const payable = account.status === 'ACTIVE' && more <= account.available;
      if (more > 0 && !payable) return { refused: { accountStatus: account.status, available: account.available } };
      await tx.query(
        `WITH resized AS (
           UPDATE holds SET credits = credits + $2::bigint, attempt_number = $3 WHERE generation_id = $1 RETURNING account_id
         )
         UPDATE accounts SET available = available - $2::bigint, held = held + $2::bigint, next_expiry_at = ${NEXT_LOOK}
         FROM resized WHERE accounts.id = resized.account_id`,
        [generationId, more, attemptNumber],
      );
      return 'done';
    });
  }

  /**
   * Takes holds whose time is up for a closer look and renews them for `ttlSeconds`, in which nobody else looks at them.
   * Holds that another statement is changing right now are passed over.
   */
  async takeExpired(limit: number, ttlSeconds: number): Promise<string[]> {
    const rows = await this.database.query<{ generationId: string }>(
      `UPDATE holds SET expires_at = now() + make_interval(secs => $2) WHERE generation_id = ANY (ARRAY(
         SELECT generation_id FROM holds WHERE status = 'OPEN' AND expires_at <= now()
         ORDER BY expires_at LIMIT $1 FOR UPDATE SKIP LOCKED
       )) RETURNING generation_id AS "generationId"`,
      [limit, ttlSeconds],
    );
    return rows.map((row) => row.generationId);
  }
}
