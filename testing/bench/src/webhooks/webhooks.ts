import { setTimeout as sleep } from 'node:timers/promises';
import { LEASE, NOTE_NEXT, READY } from '@doitong/webhook-dispatcher/sending/queue.repository';
import Table from 'cli-table3';
import { Pool } from 'undici';
import { measure } from '../load.js';
import { rssMb } from '../processes.js';
import { anEvent, type BenchDispatcher, someAccounts, startBenchDispatcher } from './bench-dispatcher.js';

const ACCOUNTS = 100;
const DELIVERIES = 20_000;
const WAITING = Number(process.env.BENCH_WAITING ?? 1_000_000);
const BARE_CONCURRENCY = 64;
const HEALTHY = 1_000;
const HANGING = 100;
const plain = { style: { head: [], border: [] } };

/** Deliveries a second beside a bare loop that posts the same bodies, with nothing and with 1,000,000 waiting; and isolation. */
export async function webhooks(): Promise<void> {
  const bench = await startBenchDispatcher();
  try {
    await deliver(bench, 2_000);
    const bare = await bareLoop(bench);
    const table = new Table({ head: ['', 'deliveries/s', 'of the floor', 'RSS MB'], ...plain });
    table.push(['floor: a bare undici loop', Math.round(bare), '1.00', '']);
    const row = async (name: string) => {
      const perSecond = await deliver(bench, DELIVERIES);
      table.push([name, Math.round(perSecond), (perSecond / bare).toFixed(2), Math.round(rssMb(bench.pid))]);
    };
    await row('dispatcher, all attempts durable');
    await wait(bench);
    await row(`with ${WAITING} waiting`);
    process.stdout.write(`\nwebhooks: from due to durably delivered\n${table}\n`);
    process.stdout.write(`claim, with ${WAITING} waiting: ${await planOf(bench)}\n`);
    const { p50, p95 } = await isolation(bench);
    process.stdout.write(
      `event to receipt, ${HEALTHY} healthy beside ${HANGING} that hang: p50 ${p50} ms, p95 ${p95} ms\n`,
    );
  } finally {
    await bench.stop();
  }
}

/** How many a second, of so many that are enqueued before they become due all at once. */
async function deliver(bench: BenchDispatcher, count: number): Promise<number> {
  const accounts = someAccounts(ACCOUNTS);
  const events = Array.from({ length: count }, (_, n) => anEvent(accounts[n % ACCOUNTS]!, `${bench.receiverUrl}/due`));
  await bench.sql.query(`ALTER TABLE destinations ALTER held SET DEFAULT true`);
  await bench.enqueue(events);
  await bench.sql.query(`ALTER TABLE destinations ALTER held SET DEFAULT false`);
  const before = (await bench.seen()).count;
  const startedAt = performance.now();
  await bench.sql.query('UPDATE destinations SET held = false WHERE held');
  while ((await bench.seen()).count < before + count) await sleep(20);
  const undelivered = `SELECT FROM deliveries WHERE account_id = ANY($1) AND status <> 'DELIVERED' LIMIT 1`;
  while ((await bench.sql.query(undelivered, [accounts])).rowCount) await sleep(10);
  return count / ((performance.now() - startedAt) / 1_000);
}

async function bareLoop({ receiverUrl }: BenchDispatcher): Promise<number> {
  const pool = new Pool(receiverUrl, { connections: BARE_CONCURRENCY });
  const { id, type, data } = anEvent(someAccounts(1)[0]!, receiverUrl);
  const body = JSON.stringify({ type, timestamp: data.completedAt, data });
  const headers = {
    'content-type': 'application/json',
    'webhook-id': id,
    'webhook-timestamp': '1700000000',
    'webhook-signature': `v1,${'x'.repeat(44)}`,
  };
  const post = async () => {
    const answer = await pool.request({ method: 'POST', path: '/bare', headers, body });
    await answer.body.dump();
  };
  const { perSecond } = await measure(post, { concurrency: BARE_CONCURRENCY, seconds: 5, warmUpSeconds: 2 });
  await pool.close();
  return perSecond;
}

async function wait({ sql }: BenchDispatcher): Promise<void> {
  await sql.query(
    `INSERT INTO events SELECT 'waits_' || n, 'acc_' || n % 1000, 'generation.completed', now(), '{}'
     FROM generate_series(1, $1::integer) AS n`,
    [WAITING],
  );
  await sql.query(
    `INSERT INTO deliveries (id, event_id, account_id, url, target, tries, due_at)
     SELECT 'waits_' || n, 'waits_' || n, 'acc_' || n % 1000, 'https://example.com/', 'host' || n % 10000, 3,
       now() + interval '1 hour' + n * interval '10 ms'
     FROM generate_series(1, $1::integer) AS n`,
    [WAITING],
  );
  await sql.query(
    'INSERT INTO destinations SELECT account_id, target, min(due_at) FROM deliveries WHERE id LIKE $1 GROUP BY 1, 2',
    ['waits%'],
  );
  await sql.query('VACUUM ANALYZE');
}

/** The tables that the three statements of a claim read, and how. */
async function planOf({ sql }: BenchDispatcher): Promise<string> {
  const destinations = [['acc_1'], ['host1']];
  const statements: [string, unknown[]][] = [
    [READY, [[], [], [], 200]],
    [LEASE, [...destinations, [8], 20_000]],
    [NOTE_NEXT, [...destinations, 20_000]],
  ];
  const plans = [];
  for (const [text, values] of statements) plans.push(await sql.query(`EXPLAIN ${text}`, values));
  const lines = plans.flatMap(({ rows }) => rows.map((row) => String(row['QUERY PLAN'])));
  const scans = lines.filter((line) => /(Index|Seq|Heap).* on /.test(line));
  return scans.map((line) => line.replace(/^[\s>-]*/, '').replace(/ {2}\(.*/, '')).join('; ');
}

async function isolation(bench: BenchDispatcher): Promise<{ p50: number; p95: number }> {
  const sick = someAccounts(HANGING);
  await bench.enqueue(sick.flatMap((id) => Array.from({ length: 10 }, () => anEvent(id, `${bench.receiverUrl}/hang`))));
  await sleep(1_000);
  const path = (n: number) => `/healthy/${n}`;
  const events = someAccounts(HEALTHY).map((id, n) => anEvent(id, bench.receiverUrl + path(n)));
  const startedAt = Date.now();
  await bench.enqueue(events);
  let seen = await bench.seen();
  while (!events.every((_, n) => seen.arrivals.has(path(n)))) {
    await sleep(50);
    seen = await bench.seen();
  }
  const latencies = events.map((_, n) => seen.arrivals.get(path(n))! - startedAt).sort((a, b) => a - b);
  return { p50: latencies[Math.floor(HEALTHY * 0.5)]!, p95: latencies[Math.floor(HEALTHY * 0.95)]! };
}
