import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually, type TemporaryFolder, temporaryFolder } from '@doitong/support';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { startPostgres } from './index.js';

const UNSAFE = { fsync: 'off' };
const isRoot = process.getuid?.() === 0;

let folder: TemporaryFolder;
beforeAll(async () => {
  folder = await temporaryFolder();
});
afterAll(() => folder.remove());

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  // A server that is killed ends connections at any moment, also while nobody waits for an answer; queries that do still fail.
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

describe('startPostgres', () => {
  it('keeps data across a restart, under another port', async () => {
    const directory = join(folder.path, 'restart');
    const first = await startPostgres({ directory, settings: UNSAFE });
    await query(first.url, 'CREATE TABLE kept AS SELECT 7 AS value');
    await first.stop();
    await expect(query(first.url, 'SELECT 1')).rejects.toThrow('ECONNREFUSED');

    const second = await startPostgres({ directory, settings: UNSAFE });
    expect(await query(second.url, 'SELECT value FROM kept')).toEqual([{ value: 7 }]);
    await second.stop();
  });

  it('runs two clusters at once, on loopback only, each with a password of its own', async () => {
    const servers = await Promise.all(
      ['one', 'two'].map((name) => startPostgres({ directory: join(folder.path, name), settings: UNSAFE })),
    );
    const [one, two] = servers.map((server) => new URL(server.url));
    expect(one?.port).not.toBe(two?.port);
    expect(await query(one!.href, 'SHOW listen_addresses')).toEqual([{ listen_addresses: '127.0.0.1' }]);
    two!.password = one!.password;
    await expect(query(two!.href, 'SELECT 1')).rejects.toThrow('password authentication failed');
    await Promise.all(servers.map((server) => server.stop()));
  });

  it('replaces a server that still runs on its directory, even on the same port', async () => {
    const directory = join(folder.path, 'leftover');
    const leftover = await startPostgres({ directory });
    await query(leftover.url, 'CREATE TABLE kept AS SELECT 7 AS value');

    const next = await startPostgres({ directory, port: leftover.port });
    expect(await query(next.url, 'SELECT value FROM kept')).toEqual([{ value: 7 }]);
    await next.stop();
  });

  it('starts after the server itself was killed in the middle of its work', async () => {
    const directory = join(folder.path, 'killed');
    const killed = await startPostgres({ directory });
    await query(killed.url, 'CREATE TABLE kept AS SELECT 7 AS value');
    // A session that is busy in a loop does not see that its server has died.
    const loop = 'SELECT count(*) FROM generate_series(1, 3000) a, generate_series(1, 3000) b';
    const keepBusy = async () => {
      for (;;) await query(killed.url, loop);
    };
    const busy = keepBusy().catch(() => 'cut off');
    const sessions = `SELECT 1 FROM pg_stat_activity WHERE state = 'active' AND query = '${loop}'`;
    await eventually(async () => (await query(killed.url, sessions)).length > 0);
    const [postmaster] = (await readFile(join(directory, 'cluster', 'postmaster.pid'), 'utf8')).split('\n');
    process.kill(Number(postmaster), 'SIGKILL');

    const next = await startPostgres({ directory });
    expect(await query(next.url, 'SELECT value FROM kept')).toEqual([{ value: 7 }]);
    await Promise.all([busy, next.stop()]);
  });

  it('starts although the pid file of a crashed server names a process of someone else', async () => {
    const directory = join(folder.path, 'stale');
    const first = await startPostgres({ directory, settings: UNSAFE });
    await first.stop();
    await writeFile(join(directory, 'cluster', 'postmaster.pid'), `${process.pid}\n${join(directory, 'cluster')}\n`);

    const second = await startPostgres({ directory, settings: UNSAFE });
    expect(await query(second.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await second.stop();
  });

  it('names a taken port in one line', async () => {
    const holder = await startPostgres({ directory: join(folder.path, 'holder'), settings: UNSAFE });
    const attempt = startPostgres({ directory: join(folder.path, 'late'), port: holder.port });
    await expect(attempt).rejects.toThrow(
      new Error(`Port ${holder.port} on 127.0.0.1, wanted for PostgreSQL, is taken.`),
    );
    await holder.stop();
  });

  it('says what PostgreSQL said when it does not start, and leaves no process', async () => {
    const attempt = startPostgres({ directory: join(folder.path, 'wrong'), settings: { shared_buffers: 'plenty' } });
    await expect(attempt).rejects.toThrow(/did not start:.*shared_buffers/s);
  });

  (isRoot ? it : it.skip)('runs for root even below a folder that is closed to others', async () => {
    const closed = join(folder.path, 'closed');
    await mkdir(closed, { mode: 0o700 });
    const server = await startPostgres({ directory: join(closed, 'data'), settings: UNSAFE });
    expect(await query(server.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await server.stop();
  });
});
