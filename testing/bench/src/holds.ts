import { GrantsRepository } from '@doitong/billing/grants/grants.repository';
import { HoldsRepository } from '@doitong/billing/holds/holds.repository';
import { persistence } from '@doitong/billing/persistence';
import { billing, type Request, type RequestOf } from '@doitong/contracts';
import { startPostgres } from '@doitong/local-servers';
import { createDataSource, Database, Ids, MessageBus, migrate } from '@doitong/service-kit';
import { createTestDatabase, startService, startTestNats, temporaryFolder } from '@doitong/support';
import { connect } from '@nats-io/transport-node';
import Table from 'cli-table3';
import { type Measured, measure } from './load.js';
import { rssMb } from './processes.js';

const LOAD = { concurrency: 128, seconds: 8, warmUpSeconds: 3 };
const READS = { concurrency: 16, seconds: 5, warmUpSeconds: 2 };
const ACCOUNTS = 1_000;
const POOL = 20;
const CREDITS = 50;
const TTL_SECONDS = 300;
const MOST_SETTLED = 200_000;
const SETTLE_BATCH = 500;
const POSTINGS = 500_000;
const POSTINGS_AT_ONCE = 50_000;

/** Holds and settlements a second of one billing process, beside their SQL alone; then what a million entries cost. */
export async function holds(): Promise<void> {
  const folder = await temporaryFolder();
  const postgres = await startPostgres({ directory: `${folder.path}/postgres` });
  process.env.DOITONG_TEST_POSTGRES_URL = postgres.url;
  const [server, nats] = await Promise.all([createTestDatabase(), startTestNats()]);
  await migrate(persistence, server.url);
  const service = await startService('billing', { DATABASE_URL: server.url, NATS_URL: nats.url, LOG_LEVEL: 'warn' });
  const database = new Database(await createDataSource(persistence, server.url, POOL).initialize());
  const bus = new MessageBus(await connect({ servers: nats.url }));
  const ask = async <M extends Request>(message: M, body: RequestOf<M>) =>
    void (await bus.request(message, body, 30_000));
  const ids = new Ids();
  try {
    const accounts = await richAccounts(database, ids);
    const repository = new HoldsRepository(database, new GrantsRepository(database));
    const next = (n: number, among: number) => ({
      generationId: ids.next('gen'),
      accountId: accounts[n % among]!,
      credits: CREDITS,
    });
    const rows: [string, Measured, Measured][] = [];
    for (const among of [ACCOUNTS, 1]) {
      const alone = await measure(async (n) => void (await repository.place([next(n, among)], TTL_SECONDS)), LOAD);
      const served = await measure((n) => ask(billing.hold, next(n, among)), LOAD);
      rows.push([among === 1 ? 'holds, one account' : `holds, ${among} accounts`, served, alone]);
    }
    const batches = await openHolds(database);
    const half = Math.floor(batches.length / 2);
    const capture = (generationId: string) => ({ generationId, outcome: 'CAPTURE' as const, credits: CREDITS });
    const settlements = async (settle: (items: ReturnType<typeof capture>[]) => Promise<unknown>) => {
      const from = performance.now();
      const some = batches.splice(0, half);
      for (const batch of some) await settle(batch.map(capture));
      return perSecond(some.length * SETTLE_BATCH, (performance.now() - from) / 1_000);
    };
    const settledAlone = await settlements((items) => repository.settle(items));
    const settled = await settlements((items) => ask(billing.settle, { items }));
    rows.push([`captures, ${SETTLE_BATCH} a batch`, settled, settledAlone]);

    const read = () => measure((n) => ask(billing.account, { accountId: accounts[n % ACCOUNTS]! }), READS);
    const [few, memoryBefore, readBefore] = [await entries(database), rssMb(service.pid), await read()];
    await fill(database, accounts[0]!);
    const [many, readAfter, memoryAfter] = [await entries(database), await read(), rssMb(service.pid)];

    const table = new Table({ head: ['', '/s', 'its SQL alone /s', 'ratio'], style: { head: [], border: [] } });
    for (const [name, { perSecond }, alone] of rows) {
      table.push([name, round(perSecond), round(alone.perSecond), (perSecond / alone.perSecond).toFixed(2)]);
    }
    const grown = new Table({
      head: ['entries', 'balances read/s', 'p50 ms', 'RSS MB'],
      style: { head: [], border: [] },
    });
    grown.push([few, round(readBefore.perSecond), readBefore.p50.toFixed(2), round(memoryBefore)]);
    grown.push([many, round(readAfter.perSecond), readAfter.p50.toFixed(2), round(memoryAfter)]);
    process.stdout.write(`\nholds: ${LOAD.concurrency} at once, one billing process\n${table}\n${grown}\n`);
  } finally {
    await bus.connection.close();
    await database.dataSource.destroy();
    await service.stop();
    await Promise.all([server.drop(), nats.stop()]);
    await postgres.stop();
    await folder.remove();
  }
}

const round = Math.round;
const perSecond = (count: number, seconds: number): Measured => ({
  count,
  seconds,
  perSecond: count / seconds,
  p50: Number.NaN,
  p99: Number.NaN,
});

/** Accounts that can pay for everything here, made in one go. */
async function richAccounts(database: Database, ids: Ids): Promise<string[]> {
  const accounts = Array.from({ length: ACCOUNTS }, () => ids.next('acc'));
  await database.query(
    `WITH made AS (
       INSERT INTO accounts (id, name, plan, available) SELECT id, 'bench', 'ENTERPRISE', 1000000000 FROM unnest($1::text[]) AS id
       RETURNING id
     ), granted AS (
       INSERT INTO grants (account_id, kind, reference, credits, remaining, priority)
       SELECT id, 'TOP_UP', id, 1000000000, 1000000000, 100 FROM unnest($1::text[]) AS id
     )
     INSERT INTO ledger_entries (kind, reference, ledger_account, credits)
     SELECT 'TOP_UP', id, side.ledger_account, side.credits FROM unnest($1::text[]) AS id CROSS JOIN LATERAL
       (VALUES (id, 1000000000), ('house:top-ups', -1000000000)) AS side (ledger_account, credits)`,
    [accounts],
  );
  return accounts;
}

async function openHolds(database: Database): Promise<string[][]> {
  const rows = await database.query<{ id: string }>(
    `SELECT generation_id AS id FROM holds WHERE status = 'OPEN' LIMIT ${MOST_SETTLED}`,
  );
  const batches: string[][] = [];
  for (let from = 0; from + SETTLE_BATCH <= rows.length; from += SETTLE_BATCH) {
    batches.push(rows.slice(from, from + SETTLE_BATCH).map(({ id }) => id));
  }
  return batches;
}

/** A million entries of one account, through the table's own triggers. They come and go, so that its balance is as before. */
async function fill(database: Database, accountId: string): Promise<void> {
  for (let from = 0; from < POSTINGS; from += POSTINGS_AT_ONCE) {
    await database.query(
      `INSERT INTO ledger_entries (kind, reference, ledger_account, credits)
       SELECT 'ADJUSTMENT', 'fill ' || n, side.ledger_account, side.credits
       FROM generate_series($2::int, $3::int) AS n CROSS JOIN LATERAL
         (VALUES ($1::text, 1 - 2 * (n % 2)), ('house:adjustments', 2 * (n % 2) - 1)) AS side (ledger_account, credits)`,
      [accountId, from, from + POSTINGS_AT_ONCE - 1],
    );
  }
}

async function entries(database: Database): Promise<number> {
  const [count] = await database.query<{ entries: number }>('SELECT count(*) AS entries FROM ledger_entries');
  return count!.entries;
}
