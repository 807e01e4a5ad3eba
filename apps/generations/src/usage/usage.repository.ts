import type { generations, ReplyOf, RequestOf, UsageBy, UsageRow, usageReport } from '@doitong/contracts';
import { Database } from '@doitong/service-kit';
import { Injectable } from '@nestjs/common';
import { firstIdFrom, lastIdBefore } from '../generations/id-range.js';

type Spent = ReplyOf<typeof generations.spending>['rows'][number];
type Common<Row> = Row & { common: string[] };

/** What the generations of a row have in common: of a generation `g`, and of an attempt `a` of it. */
const commons: Record<UsageBy, { ofGeneration: string; ofAttempt: string }> = {
  model: { ofGeneration: 'ARRAY[g.provider, g.model]', ofAttempt: 'ARRAY[a.provider, a.model]' },
  account: both('ARRAY[g.account_id]'),
  day: both(`ARRAY[to_char(g.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD')]`),
};

function both(sql: string) {
  return { ofGeneration: sql, ofAttempt: sql };
}

/** By the ids, which begin with the time: the index on them bounds what is read. */
const ACCEPTED = 'g.id >= $1 AND g.id < $2 AND g.created_at >= $3 AND g.created_at < $4';

/** Those that cost their owner something. */
const CHARGED = `(status = 'COMPLETED' OR cancel_charge > 0)`;

@Injectable()
export class UsageRepository {
  constructor(private readonly database: Database) {}

  /** In the order of what they have in common, those behind `after`. */
  report(
    { from, to, by, mode, after }: RequestOf<typeof usageReport>,
    limit: number,
  ): Promise<Common<Omit<UsageRow, 'provider' | 'model' | 'accountId' | 'day'>>[]> {
    const { ofGeneration, ofAttempt } = commons[by];
    return this.database.query(
      `WITH asked AS (
         SELECT ${ofGeneration} AS common,
           count(*) FILTER (WHERE status = 'COMPLETED') AS completed, count(*) FILTER (WHERE status = 'FAILED') AS failed,
           count(*) FILTER (WHERE status = 'CANCELLED') AS cancelled,
           count(*) FILTER (WHERE status IN ('QUEUED', 'PROCESSING')) AS running,
           coalesce(sum(coalesce(cancel_charge, credits)) FILTER (WHERE ${CHARGED}), 0)::bigint AS captured
         FROM generations g WHERE ${ACCEPTED} AND ($5::text IS NULL OR mode = $5) GROUP BY 1
       ), tried AS (
         SELECT ${ofAttempt} AS common, coalesce(sum(vendor_cost_micro_usd), 0)::bigint AS cost,
           count(*) FILTER (WHERE vendor_cost_micro_usd IS NULL) AS unknown
         FROM generations g JOIN attempts a ON a.generation_id = g.id
         WHERE ${ACCEPTED} AND g.mode = 'live' AND ($5::text IS NULL OR g.mode = $5) AND a.submitting_at IS NOT NULL
         GROUP BY 1
       )
       SELECT common, coalesce(completed, 0) AS completed, coalesce(failed, 0) AS failed, coalesce(cancelled, 0) AS cancelled,
         coalesce(running, 0) AS running, coalesce(captured, 0) AS "capturedCredits",
         coalesce(cost, 0) AS "vendorCostMicroUsd", coalesce(unknown, 0) AS "attemptsOfUnknownCost"
       FROM asked FULL JOIN tried USING (common)
       WHERE $6::text[] IS NULL OR common > $6 ORDER BY common LIMIT $7`,
      [firstIdFrom(from), lastIdBefore(to), from, to, mode, after, limit],
    );
  }

  /** Of both modes, which are named for the index. */
  spending({ accountId, from, to, by }: RequestOf<typeof generations.spending>): Promise<Common<Spent>[]> {
    return this.database.query(
      `SELECT ${commons[by].ofGeneration} AS common, count(*) AS generations, sum(coalesce(cancel_charge, credits))::bigint AS credits
       FROM generations g WHERE account_id = $5 AND mode IN ('live', 'test') AND ${ACCEPTED} AND ${CHARGED} GROUP BY 1 ORDER BY 1`,
      [firstIdFrom(from), lastIdBefore(to), from, to, accountId],
    );
  }
}
