import { DoitongError, type Request } from '@doitong/contracts';
import { createTestDatabase, startTestNats, type TestDatabase, type TestNats, waitFor } from '@doitong/support';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { gate, openGates } from '../__fixtures__/gate.js';
import { readableLogger } from '../__fixtures__/logs.js';
import { seeds } from '../__fixtures__/messages.js';
import { PatientBus } from '../__fixtures__/patient-bus.js';
import { standIn } from '../__fixtures__/stand-in.js';
import { persistence } from '../__fixtures__/tables.js';
import { openDataSource } from '../persistence/data-source.js';
import { Database } from '../persistence/database.js';
import { migrate } from '../persistence/migrate.js';
import { writeOutbox } from './outbox.js';
import { OutboxRelay } from './outbox-relay.js';

const { logger, lines } = readableLogger('outbox');
let server: TestDatabase;
let database: Database;
let nats: TestNats;
let connection: NatsConnection;
let answering: NatsConnection;
let relays: OutboxRelay[];

beforeAll(async () => {
  [server, nats] = await Promise.all([createTestDatabase(), startTestNats()]);
  await migrate(persistence, server.url);
  database = new Database(await openDataSource(persistence, server.url, 8));
  connection = await connect({ servers: nats.url });
});
afterAll(async () => {
  await database.dataSource.destroy();
  await connection.close();
  await Promise.all([server.drop(), nats.stop()]);
});
beforeEach(async () => {
  relays = [];
  answering = await connect({ servers: nats.url });
  await database.query('DELETE FROM outbox');
});
afterEach(async () => {
  openGates();
  await Promise.all(relays.map((relay) => relay.stop()));
  await answering.close();
});

type Item = { n: number };
type Answer = (items: Item[]) => Promise<void> | void;

/** Stands in for a receiver; resolves once NATS knows of it. */
async function receive(message: Request, answer: Answer): Promise<void> {
  standIn(answering, message, async (body) => {
    await answer((body as { items: Item[] }).items);
    return {};
  });
  await answering.flush();
}

/** One that has no doubt of an answer that is merely slow: what is handed over again was not taken. */
function startRelay(): OutboxRelay {
  const relay = new OutboxRelay(database, new PatientBus(connection), logger, [seeds.take, seeds.husk]);
  relays.push(relay);
  relay.start();
  relay.wake();
  return relay;
}

const write = (message: Request, from: number, to: number) =>
  database.transaction((tx) =>
    writeOutbox(
      tx,
      'one-request',
      Array.from({ length: to - from + 1 }, (_, i) => ({ subject: message.subject, item: { n: from + i } })),
    ),
  );

const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);
/** As they are handed over at least once. */
const distinct = (some: number[]) => [...new Set(some)].sort((a, b) => a - b);

async function left(message?: Request): Promise<number[]> {
  const rows = await database.query<{ n: number }>(
    `SELECT (item->>'n')::int AS n FROM outbox WHERE $1::text IS NULL OR subject = $1 ORDER BY n`,
    [message?.subject ?? null],
  );
  return rows.map(({ n }) => n);
}

it('items are handed over in batches and in order, and are gone when their receiver has answered', async () => {
  const batches: number[][] = [];
  await receive(seeds.take, (items) => void batches.push(items.map(({ n }) => n)));
  await write(seeds.take, 1, 1_200);
  startRelay();
  await waitFor(async () => expect(await left()).toEqual([]));
  expect(batches.slice(0, 3)).toEqual([numbers(1, 500), numbers(501, 1_000), numbers(1_001, 1_200)]);
});

it('an item of a transaction that failed is never handed over', async () => {
  const taken: number[] = [];
  await receive(seeds.take, (items) => void taken.push(...items.map(({ n }) => n)));
  const failing = database.transaction(async (tx) => {
    await writeOutbox(tx, 'one-request', [{ subject: seeds.take.subject, item: { n: 1 } }]);
    throw new Error('rolled back');
  });
  await expect(failing).rejects.toThrow('rolled back');
  await write(seeds.take, 2, 2);
  startRelay();
  await waitFor(async () => expect(await left()).toEqual([]));
  expect(distinct(taken)).toEqual([2]);
});

it('a receiver that hangs keeps its own items waiting and nobody else’s', async () => {
  const taken: number[] = [];
  await receive(seeds.take, (items) => void taken.push(...items.map(({ n }) => n)));
  const hanging = gate();
  let asked = 0;
  await receive(seeds.husk, () => {
    asked += 1;
    return hanging.passed;
  });
  await write(seeds.husk, 1, 3);
  const relay = startRelay();
  await waitFor(() => expect(asked).toBe(1));
  for (const from of [1, 4]) {
    await write(seeds.take, from, from + 2);
    relay.wake();
    await waitFor(async () => expect(await left(seeds.take)).toEqual([]));
  }
  expect(distinct(taken)).toEqual(numbers(1, 6));
  // It hangs yet: nobody has given up on its first answer.
  const tries = await database.query('SELECT tries FROM outbox');
  expect({ asked, tries }).toEqual({ asked: 1, tries: Array(3).fill({ tries: 0 }) });
  hanging.open();
  await waitFor(async () => expect(await left()).toEqual([]));
});

it('what was not taken is tried again, later each time, until it is', async () => {
  const at: number[] = [];
  const logged = lines.length;
  let away = true;
  await receive(seeds.take, () => {
    at.push(Date.now());
    if (away) throw new Error('the receiver’s database is away');
  });
  await write(seeds.take, 1, 1);
  const relay = startRelay();
  await waitFor(() => expect(at.length).toBeGreaterThanOrEqual(2));
  expect(at[1]! - at[0]!).toBeGreaterThan(900);
  const delay = `SELECT extract(epoch FROM available_at - now())::float8 AS seconds FROM outbox`;
  await waitFor(async () => expect((await database.query<{ seconds: number }>(delay))[0]!.seconds).toBeGreaterThan(1));
  expect(lines.slice(logged)).toContainEqual(
    expect.objectContaining({ msg: 'outbox items not taken, will be tried again', items: 1 }),
  );
  away = false;
  await database.query('UPDATE outbox SET available_at = now()');
  relay.wake();
  await waitFor(async () => expect(await left()).toEqual([]));
});

it.each([
  ['an error of its own', () => new DoitongError('INVALID_INPUT', 'what is this?')],
  ['a failure of its receiver', () => new Error('duplicate key value violates unique constraint')],
])('one item that is answered by %s does not hold up the others of its batch', async (_, failure) => {
  const taken: number[] = [];
  await receive(seeds.take, (items) => {
    if (items.some(({ n }) => n === 77)) throw failure();
    taken.push(...items.map(({ n }) => n));
  });
  await write(seeds.take, 1, 100);
  startRelay();
  await waitFor(async () => expect(await left()).toEqual([77]));
  expect(distinct(taken)).toEqual(numbers(1, 100).filter((n) => n !== 77));
});

it('a batch larger than NATS carries is handed over in parts', async () => {
  const taken: number[] = [];
  await receive(seeds.take, (items) => void taken.push(...items.map(({ n }) => n)));
  const ballast = 'a'.repeat(50_000);
  const items = numbers(1, 60).map((n) => ({ subject: seeds.take.subject, item: { n, ballast } }));
  await database.transaction((tx) => writeOutbox(tx, 'one-request', items));
  startRelay();
  await waitFor(async () => expect(await left()).toEqual([]));
  expect(distinct(taken)).toEqual(numbers(1, 60));
});

it('two relays hand no item over at the same time, and together hand over each', async () => {
  const handedOver: number[] = [];
  const inHand = new Set<number>();
  const twice: number[] = [];
  await receive(seeds.take, async (items) => {
    const some = items.map(({ n }) => n);
    twice.push(...some.filter((n) => inHand.has(n)));
    for (const n of some) inHand.add(n);
    await new Promise((resolve) => setTimeout(resolve, 20));
    for (const n of some) inHand.delete(n);
    handedOver.push(...some);
  });
  const [one, other] = [startRelay(), startRelay()];
  for (let round = 0; round < 10; round++) {
    await write(seeds.take, round * 100 + 1, round * 100 + 100);
    one.wake();
    other.wake();
  }
  await waitFor(async () => expect(await left()).toEqual([]));
  expect(twice).toEqual([]);
  expect(distinct(handedOver)).toEqual(numbers(1, 1_000));
});

it('items whose relay dies between their delivery and its deletion are delivered again', async () => {
  const batches: number[][] = [];
  await receive(seeds.take, async (items) => {
    batches.push(items.map(({ n }) => n));
    if (batches.length > 1) return;
    // The relay's transaction ends as it does when its process is killed.
    await database.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE datname = current_database() AND state = 'idle in transaction'`);
  });
  await write(seeds.take, 1, 5);
  startRelay();
  await waitFor(async () => expect(await left()).toEqual([]));
  expect(batches.length).toBeGreaterThanOrEqual(2);
  for (const batch of batches) expect(batch).toEqual(numbers(1, 5));
});

it('stopping ends with the batch under way', async () => {
  const seen: unknown[] = [];
  const held = gate();
  await receive(seeds.take, async (items) => {
    seen.push('asked');
    await held.passed;
    seen.push(items.map(({ n }) => n));
  });
  await write(seeds.take, 1, 1_500);
  const relay = startRelay();
  await waitFor(() => expect(seen).toEqual(['asked']));
  const stopped = relay.stop().then(() => seen.push('stopped'));
  // What was asked of the database after that, and answered.
  expect(await left()).toEqual(numbers(1, 1_500));
  held.open();
  await stopped;
  expect(seen).toEqual(['asked', numbers(1, 500), 'stopped']);
  expect(await left()).toEqual(numbers(501, 1_500));
});

it('due items are found by an index', async () => {
  await write(seeds.husk, 1, 2_000);
  await database.query('ANALYZE outbox');
  const plan = await database.query<{ 'QUERY PLAN': string }>(
    `EXPLAIN SELECT id FROM outbox WHERE subject = 'seeds.take' AND available_at <= now()
     ORDER BY available_at, id LIMIT 500 FOR UPDATE SKIP LOCKED`,
  );
  const text = plan.map((line) => line['QUERY PLAN']).join('\n');
  expect(text).toContain('outbox_available');
  expect(text).not.toContain('Sort');
});
