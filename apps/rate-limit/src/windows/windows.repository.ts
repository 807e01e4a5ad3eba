import type { RequestOf, rateLimit } from '@doitong/contracts';
import { Database } from '@doitong/service-kit';
import { Injectable } from '@nestjs/common';
import { SECONDS_COUNTED } from './sliding-window.js';

/** The clock is the database's, so that all replicas count in the same seconds. Read where a row is locked, not when the statement began. */
const THIS_SECOND = 'floor(extract(epoch FROM clock_timestamp()))::bigint';

/** The counts of a row, as they are `second` seconds after the epoch: moved back by the seconds that went by. */
const countsAt = (row: string, second: string) =>
  `(array_fill(0, ARRAY[least(${second} - ${row}.second, ${SECONDS_COUNTED})::int]) || ${row}.counts)[1:${SECONDS_COUNTED}]`;

/** Checks of one window that are alike. `cost` is 1 to `limit`. */
export interface Ask {
  key: string;
  window: RequestOf<typeof rateLimit.check>['window'];
  cost: number;
  limit: number;
  checks: number;
}

/** A window, and what its account uses of its other limits. */
export interface Found {
  /** Admitted in each of the last 61 seconds, the current one first; none for a window that is not known. */
  counts: number[];
  concurrent: number;
  generationsToday: number;
  todayResetSeconds: number;
}

const TODAY = `(now() AT TIME ZONE 'UTC')::date`;
const USAGE = `coalesce(usage.slots_taken, 0) AS concurrent,
  CASE WHEN usage.day >= ${TODAY} THEN usage.day_taken ELSE 0 END AS "generationsToday",
  ceil(extract(epoch FROM (${TODAY} + 1) - (now() AT TIME ZONE 'UTC')))::int AS "todayResetSeconds"`;

@Injectable()
export class WindowsRepository {
  constructor(private readonly database: Database) {}

  /**
   * Counts as many checks of each window as it has room for; tells how many, and how the window is then, in the order of `asks`. No window may
   * be asked for twice. One statement, which holds each row while it decides, and takes them in one order, so that no two wait for each other.
   */
  async take(asks: Ask[]): Promise<(Found & { admitted: number })[]> {
    const columns = [
      asks.map(({ key }) => key),
      asks.map(({ window }) => window),
      asks.map(({ cost }) => cost),
      asks.map(({ limit }) => limit),
      asks.map(({ checks }) => checks),
    ];
    const rows = await this.database.query<Found & { key: string; kind: string; admitted: number }>(
      `WITH taken AS (
         INSERT INTO windows (key, kind, second, counts, checks, cost, most, admitted)
         SELECT key, kind, ${THIS_SECOND}, (admitted * cost) || array_fill(0, ARRAY[${SECONDS_COUNTED - 1}]), checks, cost, most, admitted
         FROM unnest($1::text[], $2::text[], $3::int[], $4::int[], $5::int[]) AS asked (key, kind, cost, most, checks)
           CROSS JOIN LATERAL (SELECT least(checks, most / cost) AS admitted) AS first
         ORDER BY key, kind
         ON CONFLICT (key, kind) DO UPDATE SET (second, counts, checks, cost, most, admitted) = (
           WITH clock AS (
             -- A clock that is set back must not bring old counts back to life.
             SELECT greatest(windows.second, ${THIS_SECOND}) AS second
           ), recent AS (
             SELECT second, ${countsAt('windows', 'clock.second')} AS counts FROM clock
           ), verdict AS (
             SELECT second, counts, least(
               excluded.checks,
               greatest(0, (excluded.most - (SELECT sum(count) FROM unnest(counts) AS count)) / excluded.cost)
             )::int AS admitted
             FROM recent
           )
           SELECT second, (counts[1] + admitted * excluded.cost) || counts[2:], excluded.checks, excluded.cost, excluded.most, admitted
           FROM verdict
         )
         RETURNING key, kind, admitted, counts
       )
       SELECT key, kind, admitted, counts, ${USAGE} FROM taken
       -- By the limit, each is looked up by the index, however many they are.
       LEFT JOIN LATERAL (SELECT * FROM account_usage WHERE account_id = key LIMIT 1) AS usage ON true`,
      columns,
    );
    const byWindow = new Map(rows.map((row) => [`${row.kind} ${row.key}`, row]));
    return asks.map(({ window, key }) => byWindow.get(`${window} ${key}`)!);
  }

  async read(key: string, kind: string): Promise<Found> {
    const [row] = await this.database.query<Found>(
      `SELECT coalesce(${countsAt('windows', `greatest(windows.second, ${THIS_SECOND})`)}, '{}') AS counts, ${USAGE}
       FROM (VALUES ($1::text, $2::text)) AS asked (key, kind)
         LEFT JOIN windows USING (key, kind) LEFT JOIN account_usage AS usage ON account_id = key`,
      [key, kind],
    );
    return row!;
  }

  /** Forgets windows in which nothing counts any more. Returns how many, at most `limit`. */
  async deleteEmpty(limit: number): Promise<number> {
    const empty = `second <= ${THIS_SECOND} - ${SECONDS_COUNTED}`;
    const rows = await this.database.query(
      `DELETE FROM windows WHERE ctid = ANY (ARRAY(SELECT ctid FROM windows WHERE ${empty} LIMIT $1)) AND ${empty}
       RETURNING 1`,
      [limit],
    );
    return rows.length;
  }
}
