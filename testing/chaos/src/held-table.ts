import { eventually } from '@doitong/support';
import pg from 'pg';

/** A table that nobody can write to for now: whoever tries stands still in the middle of it. */
export interface HeldTable {
  /** Resolves when a statement waits for the table. */
  reached(): Promise<void>;
  /** Ends the statements that wait, undone. Without this, they go on when the table is released, also when who sent them is dead. */
  undo(): Promise<void>;
  release(): Promise<void>;
}

/** Within this, a session whose end is asked for is gone. */
const GONE_MS = 30_000;

const waiting = 'SELECT pid FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid))';

export async function holdTable(databaseUrl: string, table: string): Promise<HeldTable> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  await client.query('BEGIN');
  await client.query(`LOCK TABLE ${table} IN SHARE MODE`);
  return {
    async reached() {
      await eventually(async () => (await client.query(waiting)).rows.length > 0, { timeoutMs: 60_000 });
    },
    async undo() {
      await client.query(`SELECT pg_terminate_backend(pid, ${GONE_MS}) FROM (${waiting}) AS waiting`);
    },
    async release() {
      await client.query('COMMIT');
      await client.end();
    },
  };
}
