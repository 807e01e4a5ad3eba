import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { admin, billing } from '@doitong/contracts';
import { Ids, MessageBus } from '@doitong/service-kit';
import { createTestDatabase, startService, startTestNats, type TestDatabase, type TestNats } from '@doitong/support';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { connect, type NatsConnection } from '@nats-io/transport-node';

const run = promisify(execFile);
const ids = new Ids();
/** Bounds on a hang: of an answer, and of what starts processes. */
const ANSWER_MS = 30_000;
const PROCESSES_MS = 180_000;

let database: TestDatabase;
let nats: TestNats;
let connection: NatsConnection;
let bus: MessageBus;
let env: Record<string, string>;
/** What became of a service that was started before the migrations, and what each of these said. */
let early: unknown;
let said: string[];

beforeAll(async () => {
  [database, nats] = await Promise.all([createTestDatabase(), startTestNats()]);
  connection = await connect({ servers: nats.url });
  bus = new MessageBus(connection);
  env = { DATABASE_URL: database.url, NATS_URL: nats.url };
  early = await startService('billing', env).catch((error) => error);
  const migrate = fileURLToPath(new URL('../../../dist/apps/billing/migrate.js', import.meta.url));
  said = await Promise.all(
    [1, 2, 3].map(async () => (await run(process.execPath, [migrate], { env: { ...process.env, ...env } })).stdout),
  );
}, PROCESSES_MS);
afterAll(async () => {
  await connection.close();
  await Promise.all([database.drop(), nats.stop()]);
});

it('a service does not start on a schema that is not migrated', () => {
  expect(String(early)).toContain('schema billing is not migrated');
});

it('migrations run by three replicas at once run once', () => {
  expect(said.sort()).toEqual([
    expect.stringMatching(/^billing: ran CreateAccounts\d+, .*ManageKeys\d+.*\n$/),
    'billing: up to date\n',
    'billing: up to date\n',
  ]);
});

it(
  'two replicas share the work, and one that is told to stop drops none that it has taken',
  async () => {
    const [leaving, staying] = await Promise.all([startService('billing', env), startService('billing', env)]);
    const opening = { name: 'Test', plan: 'PRO', credits: 4_000 } as const;
    const { accountId } = await bus.request(admin.accountCreate, opening, ANSWER_MS);
    const stopped = leaving.stop();
    const hold = () => {
      const wanted = { generationId: ids.next('gen'), accountId, credits: 10 };
      return bus.request(billing.hold, wanted, ANSWER_MS).then(
        () => 'held',
        (error) => error.code,
      );
    };
    const answers = await Promise.all(Array.from({ length: 600 }, hold));
    expect(await stopped).toBe(0);
    expect(answers.filter((answer) => answer === 'held')).toHaveLength(400);
    expect(answers.filter((answer) => answer === 'INSUFFICIENT_CREDITS')).toHaveLength(200);
    expect(await bus.request(billing.account, { accountId }, ANSWER_MS)).toMatchObject({ credits: 0, held: 4_000 });
    expect(await staying.stop()).toBe(0);
  },
  PROCESSES_MS,
);
