import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { rateLimit } from '@doitong/contracts';
import { startPostgres } from '@doitong/local-servers';
import { persistence } from '@doitong/rate-limit/persistence';
import { Ids, migrate } from '@doitong/service-kit';
import { createTestDatabase, startService, startTestNats, temporaryFolder } from '@doitong/support';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import Table from 'cli-table3';
import { type Measured, measure, summary } from './load.js';
import { rssMb } from './processes.js';

const LOAD = { concurrency: 256, seconds: 10, warmUpSeconds: 3 };
const ACCOUNTS = 100_000;
const PACE = { perSecond: 2_000, seconds: 10 };
const TICK_MS = 2;
const MOST = 1_000_000;
const EMPTY = 'bench.empty';

type Ask = (n: number) => Promise<void>;

/** How many checks a second one process of the rate-limit service makes, beside as many requests of NATS that nobody does anything for. */
export async function limits(): Promise<void> {
  const folder = await temporaryFolder();
  const postgres = await startPostgres({ directory: `${folder.path}/postgres` });
  process.env.DOITONG_TEST_POSTGRES_URL = postgres.url;
  const [database, nats] = await Promise.all([createTestDatabase(), startTestNats()]);
  await migrate(persistence, database.url);
  const service = await startService('rate-limit', {
    DATABASE_URL: database.url,
    NATS_URL: nats.url,
    LOG_LEVEL: 'warn',
  });
  const connection = await connect({ servers: nats.url });
  const ids = new Ids();
  const accounts = Array.from({ length: ACCOUNTS }, () => ids.next('acc'));
  const check: Ask = (n) => ask(connection, rateLimit.check.subject, accounts[n % ACCOUNTS]!);
  const one: Ask = () => ask(connection, rateLimit.check.subject, accounts[0]!);
  const floor: Ask = (n) => ask(connection, EMPTY, accounts[n % ACCOUNTS]!);
  const example = await connection.request(rateLimit.check.subject, bodyOf(accounts[0]!));
  const empty = fork(fileURLToPath(new URL('./empty-handler.js', import.meta.url)), [
    nats.url,
    EMPTY,
    example.string(),
  ]);
  try {
    await once(empty, 'message');
    const bare = await measure(floor, LOAD);
    const rows: [string, Measured][] = [
      ['NATS, empty handler', bare],
      ['checks, 100,000 accounts', await measure(check, LOAD)],
      ['checks, one account', await measure(one, LOAD)],
    ];
    const pacedRows: [string, Measured][] = [
      [`NATS, empty handler, at ${PACE.perSecond}/s`, await paced(floor)],
      [`checks, 100,000 accounts, at ${PACE.perSecond}/s`, await paced(check)],
    ];
    const before = rssMb(service.pid);
    await measure(check, { ...LOAD, seconds: 20 });
    const table = new Table({ head: ['', '/s', 'p50 ms', 'p99 ms', 'of NATS'], style: { head: [], border: [] } });
    const row = (name: string, { perSecond, p50, p99 }: Measured, ratio: string) =>
      table.push([name, Math.round(perSecond), p50.toFixed(1), p99.toFixed(1), ratio]);
    for (const [name, measured] of rows) row(name, measured, (measured.perSecond / bare.perSecond).toFixed(2));
    for (const [name, measured] of pacedRows) row(name, measured, '');
    const memory = `rate-limit: ${Math.round(before)} MB, then ${Math.round(rssMb(service.pid))} MB after the accounts were gone through again`;
    process.stdout.write(`\nlimits: ${LOAD.concurrency} at once, one process each\n${table}\n${memory}\n`);
  } finally {
    empty.kill();
    await connection.close();
    await service.stop();
    await Promise.all([database.drop(), nats.stop()]);
    await postgres.stop();
    await folder.remove();
  }
}

const bodyOf = (key: string) => JSON.stringify({ key, window: 'read', cost: 1, limit: MOST });

/** Any failure ends the measurement, a refusal too. */
async function ask(connection: NatsConnection, subject: string, key: string): Promise<void> {
  const reply = await connection.request(subject, bodyOf(key), { timeout: 5_000 });
  if (!reply.string().startsWith('{"allowed":true')) throw new Error(reply.string());
}

/** Asks at a steady pace, whether answers come or not. */
async function paced(work: Ask): Promise<Measured> {
  const latencies: number[] = [];
  const asked: Promise<void>[] = [];
  const start = performance.now();
  while (asked.length < PACE.perSecond * PACE.seconds) {
    const due = ((performance.now() - start) / 1_000) * PACE.perSecond;
    while (asked.length < due) {
      const from = performance.now();
      asked.push(work(asked.length).then(() => void latencies.push(performance.now() - from)));
    }
    await sleep(TICK_MS);
  }
  await Promise.all(asked);
  return summary(latencies, (performance.now() - start) / 1_000);
}
