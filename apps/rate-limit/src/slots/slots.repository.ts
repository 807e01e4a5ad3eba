import type { RequestOf, rateLimit } from '@doitong/contracts';
import { Database } from '@doitong/service-kit';
import { Injectable } from '@nestjs/common';

type WantedSlot = RequestOf<typeof rateLimit.admit>;
export type Freed = RequestOf<typeof rateLimit.free>['items'][number];

interface WhyNotTaken {
  expiresAt: Date | null;
  freed: boolean;
  dayTaken: number;
  secondsToMidnight: number;
}

const UNIQUE_VIOLATION = '23505';
const TODAY = `(now() AT TIME ZONE 'UTC')::date`;

/** Every statement that takes or frees slots locks the accounts' usage first, in order of their ids, and the slots after it. */
@Injectable()
export class SlotsRepository {
  constructor(private readonly database: Database) {}

  /** Returns the new slot's expiry, or nothing when a limit refused or the generation has one, or had. */
  async take(
    { generationId, accountId, concurrent, perDay }: WantedSlot,
    ttlSeconds: number,
  ): Promise<Date | undefined> {
    try {
      const [slot] = await this.database.query<{ expiresAt: Date }>(
        `WITH counted AS (
           INSERT INTO account_usage AS usage (account_id, slots_taken, day, day_taken)
           SELECT $2, 1, ${TODAY}, 1 WHERE $3::int > 0 AND ($4::int IS NULL OR $4::int > 0)
           ON CONFLICT (account_id) DO UPDATE SET
             slots_taken = usage.slots_taken + 1,
             -- A statement that began before midnight and waited counts on the new day, like those that overtook it.
             day = greatest(usage.day, excluded.day),
             day_taken = CASE WHEN usage.day < excluded.day THEN 1 ELSE usage.day_taken + 1 END
           WHERE usage.slots_taken < $3::int
             AND ($4::int IS NULL OR usage.day < excluded.day OR usage.day_taken < $4::int)
           RETURNING account_id, day
         )
         INSERT INTO slots (generation_id, account_id, day, expires_at)
         SELECT $1, account_id, day, now() + make_interval(secs => $5) FROM counted
         RETURNING expires_at AS "expiresAt"`,
        [generationId, accountId, concurrent, perDay, ttlSeconds],
      );
      return slot?.expiresAt;
    } catch (error) {
      // The key took back the count together with the second slot.
      if ((error as { code?: unknown }).code === UNIQUE_VIOLATION) return undefined;
      throw error;
    }
  }

  /** `expiresAt` of the slot that the generation already has, or had until it was freed, and how much of today's quota is used. */
  async whyNotTaken({ generationId, accountId }: WantedSlot): Promise<WhyNotTaken> {
    const [why] = await this.database.query<WhyNotTaken>(
      `SELECT expires_at AS "expiresAt", freed_at IS NOT NULL AS freed,
         coalesce((SELECT day_taken FROM account_usage WHERE account_id = $2 AND day >= ${TODAY}), 0) AS "dayTaken",
         ceil(extract(epoch FROM (${TODAY} + 1) - (now() AT TIME ZONE 'UTC')))::int AS "secondsToMidnight"
       FROM (VALUES ($1)) AS wanted (generation_id) LEFT JOIN slots USING (generation_id)`,
      [generationId, accountId],
    );
    return why!;
  }

  /** What the account has taken, and when the quota of today ends. */
  async taken(accountId: string): Promise<{ concurrent: number; generationsToday: number; resetsAt: Date }> {
    const [taken] = await this.database.query<{ concurrent: number; generationsToday: number; resetsAt: Date }>(
      `SELECT coalesce(max(slots_taken), 0) AS concurrent,
         coalesce(max(day_taken) FILTER (WHERE day >= ${TODAY}), 0) AS "generationsToday",
         (${TODAY} + 1) AT TIME ZONE 'UTC' AS "resetsAt"
       FROM account_usage WHERE account_id = $1`,
      [accountId],
    );
    return taken!;
  }

  /** Frees what is taken of these slots. A refund gives back the quota too, if its day is not over. */
  async free(items: Freed[]): Promise<void> {
    const refunded = items.filter((item) => item.refundQuota);
    await this.database.query(
      `WITH locked AS (
         SELECT account_id FROM account_usage
         WHERE account_id = ANY (ARRAY(SELECT account_id FROM slots WHERE generation_id = ANY ($1::text[])))
         ORDER BY account_id FOR NO KEY UPDATE
       ), freed AS (
         UPDATE slots SET freed_at = now()
         WHERE freed_at IS NULL AND generation_id = ANY ($1::text[]) AND account_id = ANY (ARRAY(SELECT account_id FROM locked))
         RETURNING account_id, CASE WHEN generation_id = ANY ($2::text[]) THEN day END AS refunded_day
       )
       UPDATE account_usage SET
         slots_taken = slots_taken - total.slots,
         day_taken = day_taken - cardinality(array_positions(total.refunded_days, day))
       FROM (
         SELECT account_id, count(*)::int AS slots, array_agg(refunded_day) AS refunded_days FROM freed GROUP BY account_id
       ) AS total
       WHERE account_usage.account_id = total.account_id`,
      [items.map((item) => item.generationId), refunded.map((item) => item.generationId)],
    );
  }

  /**
   * Takes slots whose time is up for a closer look and renews them for `ttlSeconds`, in which nobody else looks at them.
   * Slots that another statement is changing right now are passed over.
   */
  async takeExpired(limit: number, ttlSeconds: number): Promise<string[]> {
    const rows = await this.database.query<{ generationId: string }>(
      `UPDATE slots SET expires_at = now() + make_interval(secs => $2) WHERE generation_id = ANY (ARRAY(
         SELECT generation_id FROM slots WHERE expires_at <= now() AND freed_at IS NULL
         ORDER BY expires_at LIMIT $1 FOR UPDATE SKIP LOCKED
       )) RETURNING generation_id AS "generationId"`,
      [limit, ttlSeconds],
    );
    return rows.map((row) => row.generationId);
  }

  /** Forgets freed slots whose time is up: nobody asks for one of their generations any more. */
  async forgetFreed(): Promise<void> {
    await this.database.query('DELETE FROM slots WHERE expires_at <= now() AND freed_at IS NOT NULL');
  }
}
