import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TemporaryFolder, temporaryFolder, waitFor } from '@doitong/support';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { connect } from '@nats-io/transport-node';
import pg from 'pg';
import { keepRunning, startNats, startPostgres } from './index.js';

/** A bound on a hang only. */
const PATIENCE = { timeoutMs: 60_000 };
const TEST_MS = 150_000;

let folder: TemporaryFolder;
beforeAll(async () => {
  folder = await temporaryFolder();
});
afterAll(() => folder.remove());

const pidIn = async (file: string) => Number.parseInt(await readFile(file, 'utf8'), 10);

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

it(
  'a PostgreSQL that was killed is there again under the same URL, with all that was committed, until it is stopped',
  async () => {
    const directory = join(folder.path, 'postgres');
    const lines: string[] = [];
    const kept = await keepRunning(
      (port) => startPostgres({ directory, port }),
      (line) => void lines.push(line),
    );
    await query(kept.url, 'CREATE TABLE kept AS SELECT 7 AS value');
    const pidFile = join(directory, 'cluster', 'postmaster.pid');
    for (let time = 1; time <= 2; time++) {
      const killed = await pidIn(pidFile);
      process.kill(killed, 'SIGKILL');
      await waitFor(async () => expect(await pidIn(pidFile)).not.toBe(killed), PATIENCE);
      await waitFor(
        async () => expect(await query(kept.url, 'SELECT value FROM kept')).toEqual([{ value: 7 }]),
        PATIENCE,
      );
    }
    expect(lines.filter((line) => line.includes('started again'))).toHaveLength(2);
    await kept.stop();
    await expect(query(kept.url, 'SELECT 1')).rejects.toThrow('ECONNREFUSED');
  },
  TEST_MS,
);

it(
  'a nats-server that was killed is there again under the same URL, and is stopped although it was just being started',
  async () => {
    const directory = join(folder.path, 'nats');
    const kept = await keepRunning((port) => startNats({ directory, port }));
    const connection = await connect({ servers: kept.url, maxReconnectAttempts: -1, reconnectTimeWait: 50 });
    const pidFile = join(directory, 'nats-server.pid');
    const killed = await pidIn(pidFile);
    process.kill(killed, 'SIGKILL');
    await waitFor(async () => expect(await pidIn(pidFile)).not.toBe(killed), PATIENCE);
    await waitFor(() => connection.flush(), PATIENCE);
    await connection.close();
    process.kill(await pidIn(pidFile), 'SIGKILL');
    await kept.stop();
    await expect(connect({ servers: kept.url, reconnect: false })).rejects.toThrow();
  },
  TEST_MS,
);
