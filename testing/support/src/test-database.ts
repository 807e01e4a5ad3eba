import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { serverUrl } from './server-url.js';

export interface TestDatabase {
  url: string;
  /** Ends whatever is still connected to it. */
  drop(): Promise<void>;
}

/** A fresh, empty database for one suite, on the run's PostgreSQL or the one in `DOITONG_TEST_POSTGRES_URL`. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const server = await serverUrl('postgres', 'DOITONG_TEST_POSTGRES_URL');
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  await execute(server, `CREATE DATABASE ${name} TEMPLATE template0`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => execute(server, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`) };
}

async function execute(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
