import { createHash } from 'node:crypto';
import type pg from 'pg';
import type { DataSource } from 'typeorm';

/** Runs SQL: on its own, or within the transaction that gave it. */
export interface Queryable {
  /** Values are bound, never spliced in. The statement is prepared once a connection, so its text must not vary. */
  query<Row extends object>(text: string, values?: unknown[]): Promise<Row[]>;
}

/** The tables of one service. Only repositories use it. bigint columns are read as numbers: credits stay below 2^53. */
export class Database implements Queryable {
  private readonly pool: pg.Pool;

  constructor(readonly dataSource: DataSource) {
    this.pool = (dataSource.driver as unknown as { master: pg.Pool }).master;
  }

  query<Row extends object>(text: string, values: unknown[] = []): Promise<Row[]> {
    return prepared<Row>(this.pool, text, values);
  }

  /** Commits when `work` resolves, rolls back when it throws. */
  async transaction<T>(work: (tx: Queryable) => Promise<T>): Promise<T> {
    const client = await this.pool.connect();
    let broken: Error | undefined;
    // A connection that is lost between two statements says so here.
    const lost = (error: Error) => {
      broken = error;
    };
    client.on('error', lost);
    try {
      await client.query('BEGIN');
      const result = await work({ query: (text, values = []) => prepared(client, text, values) });
      await client.query('COMMIT');
      return result;
    } catch (error) {
      await client.query('ROLLBACK').catch((failure: Error) => {
        broken = failure;
      });
      throw error;
    } finally {
      client.off('error', lost);
      client.release(broken);
    }
  }
}

const names = new Map<string, string>();

function nameOf(text: string): string {
  let name = names.get(text);
  if (!name) {
    name = createHash('sha1').update(text).digest('base64url');
    names.set(text, name);
  }
  return name;
}

async function prepared<Row extends object>(
  on: pg.Pool | pg.PoolClient,
  text: string,
  values: unknown[],
): Promise<Row[]> {
  const result = await on.query<Row>({ name: nameOf(text), text, values });
  return result.rows;
}
