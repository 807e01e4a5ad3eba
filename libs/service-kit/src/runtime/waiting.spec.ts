import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort, newAccess, ServerProcess, startNats, wholePlatform } from '@doitong/local-servers';
import {
  createTestDatabase,
  startTestNats,
  type TemporaryFolder,
  type TestDatabase,
  type TestNats,
  temporaryFolder,
  waitFor,
} from '@doitong/support';
import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import pg from 'pg';
import { readableLogger } from '../__fixtures__/logs.js';
import { onAnyPort, speaking } from '../__fixtures__/parrot.js';
import { persistence } from '../__fixtures__/tables.js';
import { migrate } from '../persistence/migrate.js';
import { PersistenceModule } from '../persistence/persistence.module.js';
import { startService } from './run-service.js';

/** Runs what `npm run build` has built. */
const MAIN = fileURLToPath(new URL('../__fixtures__/parrot-main.mjs', import.meta.url));
/** Bounds on a hang: of a process, which may have to start first, and of a test. */
const PATIENCE = { timeoutMs: 60_000 };
const TEST_MS = 120_000;

let folder: TemporaryFolder;
let database: TestDatabase;
let nats: TestNats;
beforeAll(async () => {
  [folder, database, nats] = await Promise.all([temporaryFolder(), createTestDatabase(), startTestNats()]);
  await migrate(persistence, database.url);
});
afterAll(async () => {
  await Promise.all([folder.remove(), database.drop(), nats.stop()]);
});

/** To be stopped after the test, the last first. */
const started: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const stop of started.splice(0).reverse()) await stop();
});

/** A process that speaks to this NATS, which is not there yet. */
async function startWaiting(natsUrl: string) {
  const [port, managementPort] = [await freePort(), await freePort()];
  const child = new ServerProcess('parrot', process.execPath, [MAIN], {
    env: {
      ...process.env,
      NODE_OPTIONS: '',
      NATS_URL: natsUrl,
      PORT: String(port),
      MANAGEMENT_PORT: String(managementPort),
    },
  });
  started.push(() => child.stop([['SIGKILL', PATIENCE.timeoutMs]]));
  const ask = async (path: string) => {
    const response = await fetch(`http://127.0.0.1:${managementPort}${path}`);
    return { status: response.status, body: (await response.json()) as { checks?: Record<string, string> } };
  };
  return { child, ask };
}

const REFUSED = expect.stringMatching(/refused/i);

it(
  'a service that starts before NATS waits for it, and says so: it lives, and is not ready until NATS is there',
  async () => {
    const port = await freePort();
    const { child, ask } = await startWaiting(`nats://127.0.0.1:${port}`);
    await waitFor(async () => {
      expect(await ask('/readyz')).toEqual({ status: 503, body: { status: 'unavailable', checks: { nats: REFUSED } } });
    }, PATIENCE);
    expect(await ask('/healthz')).toEqual({ status: 200, body: { status: 'ok' } });
    const late = await startNats({ directory: join(folder.path, 'late'), port });
    started.push(() => late.stop());
    await waitFor(async () => expect((await ask('/readyz')).status).toBe(200), PATIENCE);
    expect(child.running).toBe(true);
  },
  TEST_MS,
);

it(
  'a password that NATS refuses is waited for as well, until the server takes it',
  async () => {
    const [port, directory] = [await freePort(), join(folder.path, 'strict')];
    const access = newAccess([wholePlatform]);
    let server = await startNats({ directory, port, access });
    started.push(() => server.stop());
    const wrong = new URL(access.urlOf(wholePlatform.name, server.url));
    wrong.password = 'wrong';
    const { ask } = await startWaiting(wrong.href);
    const refused = { nats: expect.stringMatching(/authorization/i) };
    await waitFor(async () => expect((await ask('/readyz')).body.checks).toEqual(refused), PATIENCE);
    await server.stop();
    server = await startNats({ directory, port });
    await waitFor(async () => expect((await ask('/readyz')).status).toBe(200), PATIENCE);
  },
  TEST_MS,
);

it(
  'SIGTERM ends a service that waits, with code 0',
  async () => {
    const { child, ask } = await startWaiting(`nats://127.0.0.1:${await freePort()}`);
    await waitFor(async () => expect((await ask('/healthz')).status).toBe(200), PATIENCE);
    await child.stop([['SIGTERM', PATIENCE.timeoutMs]]);
    expect(child.exitCode).toBe(0);
  },
  TEST_MS,
);

it('a PostgreSQL that cannot be reached is waited for: the log has why, without the password, and what was opened is closed when the wait ends', async () => {
  const { logger, lines } = readableLogger('garden');
  const ending = new AbortController();
  const gone = PersistenceModule.register(persistence, 'postgres://user:secret@localhost:1/nowhere', 2);
  const there = PersistenceModule.register({ ...persistence, schema: 'garden' }, database.url, 2);
  const options = { ...onAnyPort('garden', nats.url, speaking, there, gone), logger, signal: ending.signal };
  const starting = startService(options).catch((error) => error);
  await waitFor(() =>
    expect(lines).toContainEqual(
      expect.objectContaining({
        msg: 'postgres:garden cannot be used, waiting for it',
        reason: expect.stringMatching(/^PostgreSQL at localhost:1\/nowhere cannot be used: .*ECONNREFUSED/),
      }),
    ),
  );
  expect(JSON.stringify(lines)).not.toContain('secret');
  ending.abort(new Error('enough'));
  expect(await starting).toEqual(new Error('enough'));
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  await waitFor(async () => {
    const { rows } = await client.query(
      `SELECT FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'garden'`,
    );
    expect(rows).toEqual([]);
  });
  await client.end();
});
