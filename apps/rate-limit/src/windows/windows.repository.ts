import type { RequestOf, rateLimit } from '@doitong/contracts';
import { Database } from '@doitong/service-kit';
import { Injectable } from '@nestjs/common';
import { SECONDS_COUNTED } from './sliding-window.js';

/** The clock is the database's, so that all replicas count in the same seconds. Read where a row is locked, not when the statement began. */
const THIS_SECOND = 'floor(extract(epoch FROM clock_timestamp()))::bigint';

/** The counts of a row, as they are `second` seconds after the epoch: moved back by the seconds that went by. */
const countsAt = (row: string, second: string) =>
  `(array_fill(0, ARRAY[least(${second} - ${row}.second, ${SECONDS_COUNTED})::int]) || ${row}.counts)[1:${SECONDS_COUNTED}]`;

@Injectable()
export class WindowsRepository {
  constructor(private readonly database: Database) {}

  /** Counts `cost` (1 to `limit`) if the window has room for it. One statement, which holds the row while it decides. */
  async take({
    key,
    window,
    cost,
    limit,
  }: RequestOf<typeof rateLimit.check>): Promise<{ admitted: boolean; counts: number[] }> {
    const [row] = await this.database.query<{ admitted: boolean; counts: number[] }>(
      `INSERT INTO windows (key, kind, second, counts, admitted)
       VALUES ($1, $2, ${THIS_SECOND}, $3::int || array_fill(0, ARRAY[${SECONDS_COUNTED - 1}]), true)
       ON CONFLICT (key, kind) DO UPDATE SET (second, counts, admitted) = (
         WITH clock AS (
           -- A clock that is set back must not bring old counts back to life.
           SELECT greatest(windows.second, ${THIS_SECOND}) AS second
         ), recent AS (
           SELECT second, ${countsAt('windows', 'clock.second')} AS counts FROM clock
         ), verdict AS (
           SELECT second, counts, (SELECT sum(count) FROM unnest(counts) AS count) + $3::int <= $4::int AS admitted
           FROM recent
         )
         SELECT second, CASE WHEN admitted THEN (counts[1] + $3::int) || counts[2:] ELSE counts END, admitted FROM verdict
       )
       RETURNING admitted, counts`,
      [key, window, cost, limit],
    );
    return row!;
  }

  async read(key: string, kind: string): Promise<number[]> {
    const [row] = await this.database.query<{ counts: number[] }>(
      `SELECT ${countsAt('windows', `greatest(windows.second, ${THIS_SECOND})`)} AS counts
       FROM windows WHERE key = $1 AND kind = $2`,
      [key, kind],
    );
    return row?.counts ?? [];
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
