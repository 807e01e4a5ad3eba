import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { rateLimit } from '@doitong/contracts';
import { Ids, MessageBus } from '@doitong/service-kit';
import {
  createTestDatabase,
  type Service,
  startService,
  startTestNats,
  type TestDatabase,
  type TestNats,
} from '@doitong/support';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { connect, type NatsConnection } from '@nats-io/transport-node';

const run = promisify(execFile);
const ids = new Ids();
/** Bounds on a hang: of an answer, and of what starts processes. */
const ANSWER_MS = 30_000;
const PROCESSES_MS = 180_000;

let database: TestDatabase;
let nats: TestNats;
let replicas: Service[];
let clients: NatsConnection[];

beforeAll(async () => {
  [database, nats] = await Promise.all([createTestDatabase(), startTestNats()]);
  const env = { DATABASE_URL: database.url, NATS_URL: nats.url };
  const migrate = fileURLToPath(new URL('../../../dist/apps/rate-limit/migrate.js', import.meta.url));
  await run(process.execPath, [migrate], { env: { ...process.env, ...env } });
  replicas = await Promise.all([1, 2, 3].map(() => startService('rate-limit', env)));
  clients = await Promise.all(Array.from({ length: 50 }, () => connect({ servers: nats.url })));
}, PROCESSES_MS);
afterAll(async () => {
  await Promise.all(clients.map((client) => client.close()));
  await Promise.all(replicas.map((replica) => replica.stop()));
  await Promise.all([database.drop(), nats.stop()]);
});

it('150 racing checks of 50 clients across 3 processes, with a limit of 60, admit exactly 60', async () => {
  const key = ids.next('acc');
  const replies = await Promise.all(
    clients.flatMap((client) =>
      [1, 2, 3].map(() =>
        new MessageBus(client).request(rateLimit.check, { key, window: 'generate', cost: 1, limit: 60 }, ANSWER_MS),
      ),
    ),
  );
  expect(replies.filter((reply) => reply.allowed)).toHaveLength(60);
});

it('150 racing admissions across 3 processes, with 10 concurrent, admit exactly 10', async () => {
  const accountId = ids.next('acc');
  const results = await Promise.allSettled(
    clients.flatMap((client) =>
      [1, 2, 3].map(() =>
        new MessageBus(client).request(
          rateLimit.admit,
          { generationId: ids.next('gen'), accountId, concurrent: 10, perDay: 10_000 },
          ANSWER_MS,
        ),
      ),
    ),
  );
  expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(10);
});
