import type { AttemptFailure, Output } from '@doitong/contracts';
import { createDataSource, Database, loadConfig, migrate, type Queryable } from '@doitong/service-kit';
import { createTestDatabase, type TestDatabase } from '@doitong/support';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { AdmissionRepository } from './admission/admission.repository.js';
import { IdempotencyRepository } from './admission/idempotency.repository.js';
import { AttemptsRepository } from './attempts/attempts.repository.js';
import { GenerationsConfig } from './config.js';
import { FailoverRepository, type Move } from './failover/failover.repository.js';
import { GenerationsRepository } from './generations/generations.repository.js';
import { LengthsRepository } from './lengths/lengths.repository.js';
import { OutcomeRepository } from './outcome/outcome.repository.js';
import { persistence } from './persistence.js';
import { type NewQuote, QuotesRepository } from './quotes/quotes.repository.js';
import { UsageRepository } from './usage/usage.repository.js';

const ROWS = 20_000;

/** Keeps the text of every statement that runs. */
class RecordingDatabase extends Database {
  readonly texts = new Set<string>();

  override query<Row extends object>(text: string, values?: unknown[]): Promise<Row[]> {
    this.texts.add(text);
    return super.query(text, values);
  }

  override transaction<T>(work: (tx: Queryable) => Promise<T>): Promise<T> {
    return super.transaction((tx) =>
      work({
        query: (text, values) => {
          this.texts.add(text);
          return tx.query(text, values);
        },
      }),
    );
  }
}

let server: TestDatabase;
let database: RecordingDatabase;

beforeAll(async () => {
  server = await createTestDatabase();
  await migrate(persistence, server.url);
  database = new RecordingDatabase(await createDataSource(persistence, server.url, 2).initialize());
  await database.query(`INSERT INTO generations (id, account_id, mode, type, status, provider, model, input, options, credits,
      expected_seconds, deadline_at, routing, request_id, output, asked)
    SELECT 'gen_' || n, 'acc_' || n % 100, 'test', 'IMAGE', 'COMPLETED', 'p', 'm', '{}', '{}', 1, 1, now(), '{}', 'r', '{}', '{}'
    FROM generate_series(1, ${ROWS}) AS n`);
  await database.query(`INSERT INTO attempts (id, generation_id, number, family, provider, model, status, lease_expires_at)
    SELECT 'att_' || n, 'gen_' || n, 1, 'f', 'p', 'm', 'COMPLETED', now() FROM generate_series(1, ${ROWS}) AS n`);
  await database.query(`INSERT INTO idempotency_keys (account_id, key, scope, body_hash, generation_id, accepted)
    SELECT 'acc_' || n % 100, 'key_' || n, 's', '\\x00', 'gen_' || n, true FROM generate_series(1, ${ROWS}) AS n`);
  await database.query(`INSERT INTO circuits (family, credential)
    SELECT 'f', 'credential_' || n FROM generate_series(1, ${ROWS}) AS n`);
  await database.query(`INSERT INTO quotes (id, account_id, mode, request_hash, provider, model, credits, options, adjustments,
      routing, expires_at)
    SELECT 'quo_' || n, 'acc_' || n % 100, 'test', '\\x00', 'p', 'm', 1, '{}', '[]', '{}', now() + n * interval '1 s'
    FROM generate_series(10, ${ROWS}) AS n`);
  await database.query('ANALYZE');
  database.texts.clear();
});
afterAll(async () => {
  await database.dataSource.destroy();
  await server.drop();
});

const failure: AttemptFailure = {
  code: 'INTERNAL',
  message: '',
  retryable: true,
  stage: 'DELIVERY',
  kind: 'output-lost',
};
const output: Output = { key: 'k', bytes: 1, contentType: 'video/mp4', format: 'mp4', durationSeconds: 1 };

it('no statement of a generation’s life, or of a look at lives, reads a whole table', async () => {
  const config = loadConfig(GenerationsConfig, { DATABASE_URL: server.url });
  const idempotency = new IdempotencyRepository(database, config);
  const attempts = new AttemptsRepository(database, config);
  const generations = new GenerationsRepository(database);
  const outcomes = new OutcomeRepository();
  const failover = new FailoverRepository(database, config);
  const name = { accountId: 'acc_1', key: 'one', scope: 's' };
  const id = 'gen_one';
  const attemptId = 'att_one';

  const quotes = new QuotesRepository(database);
  const quote: NewQuote = {
    id: 'quo_1',
    accountId: 'acc_1',
    mode: 'test',
    requestHash: Buffer.from('00', 'hex'),
    provider: 'p',
    model: 'm',
    credits: 2 ** 40,
    metered: { base: 0, perSecond: 0.5 },
    options: { a: [1] },
    adjustments: ['a'],
    routing: { reason: 'r', candidates: [] },
  };
  expect((await quotes.add(quote, 60)).getTime()).toBeGreaterThan(Date.now());
  expect(await quotes.find(quote)).toEqual(quote);
  await quotes.forgetExpired();

  await idempotency.find(name);
  expect(await idempotency.claim(name, { bodyHash: Buffer.from('00', 'hex'), generationId: id })).toBe(id);
  const row = await new AdmissionRepository(database, config).accept(
    {
      id,
      attemptId,
      accountId: 'acc_1',
      plan: 'PRO',
      mode: 'test',
      type: 'IMAGE',
      provider: 'p',
      model: 'm',
      family: 'f',
      input: { text: 'a' },
      options: {},
      credits: 2 ** 40,
      metered: { base: 0, perSecond: 0.5 },
      mostCredits: null,
      expectedSeconds: 0.5,
      deadlineSeconds: 0.5,
      asked: {},
      routing: { reason: 'r', candidates: [] },
      adjustments: ['a'],
      webhookUrl: null,
      requestId: 'r',
      admittedUntil: new Date(Date.now() + 300_000),
    },
    name,
  );
  expect(row).toMatchObject({ id, credits: 2 ** 40, expected_seconds: 0.5, adjustments: ['a'], webhook_url: null });
  await idempotency.leave(name, id);
  await idempotency.release(name, id);
  const named = { attemptId, family: 'f' };
  await attempts.begin(database, { ...named, workerId: 'w', beginId: 'b', credentials: { test: ['fingerprint'] } });
  expect(await attempts.ready(named, 'w')).toBe(true);
  const lengths = new LengthsRepository(database);
  const held = { ...named, workerId: 'w' };
  expect(await lengths.beforeSubmit(held)).toMatchObject({ id, number: 1, metered: { perSecond: 0.5 } });
  expect(await lengths.raise(held, 2 ** 41)).toMatchObject({ credits: 2 ** 41 });
  expect(await attempts.submitted(named, 'w', { id: 't', state: {} })).toMatchObject({ live: true });
  expect(await attempts.renew(named, 'w', 5)).toMatchObject({ version: 4 });
  expect(await attempts.risk(named, 'w', 'DELIVERY')).toBe(true);
  await attempts.release(named, 'w');
  expect(await failover.course(named, 'w')).toMatchObject({ generation: { id }, attempts: [{ model: 'm' }] });
  const move: Move = {
    generationId: id,
    attemptId: 'att_two',
    attemptNumber: 2,
    family: 'f',
    provider: 'p',
    model: 'm',
    options: {},
    credits: 2 ** 40,
    metered: { base: 0, perSecond: 0.5 },
    expectedSeconds: 0.5,
    adjustments: ['a'],
    routing: { reason: 'r', candidates: [] },
  };
  await database.transaction(async (tx) => {
    await failover.failures(tx, id);
    expect(await failover.move(tx, move)).toMatchObject({ id });
    expect(await failover.giveUp(tx, move.attemptId, failure)).toBe(true);
  });
  await attempts.withoutLease(10);
  await attempts.closeAbandoned();
  await generations.find([id]);
  const everything = {
    type: 'IMAGE',
    status: ['QUEUED', 'COMPLETED'],
    provider: 'p',
    createdAfter: '2025-01-01T00:00:00.000Z',
    createdBefore: '2125-01-01T00:00:00.000Z',
  } as const;
  await generations.list(
    { accountId: 'acc_1', mode: 'test' },
    { ...everything, status: [...everything.status] },
    'gen_one',
    10,
  );
  await generations.statuses([id]);
  await generations.overdue(10);
  await database.transaction(async (tx) => {
    expect(await attempts.complete(tx, named, 2 ** 40)).toMatchObject({ generationId: id, status: 'COMPLETED' });
    expect(await outcomes.end(tx, id, { status: 'COMPLETED', output })).toMatchObject({ credits: 1 });
    await attempts.fail(tx, { ...named, workerId: 'w', failure, vendorCostMicroUsd: 2 ** 40 });
    await attempts.abandon(tx, id);
  });
  await attempts.late(named, undefined);
  const usage = new UsageRepository(database);
  const period = { from: '2025-01-01T00:00:00.000Z', to: '2025-02-01T00:00:00.000Z' };
  for (const by of ['model', 'account', 'day'] as const) await usage.report({ ...period, by }, 10);
  for (const by of ['model', 'day'] as const) await usage.spending({ ...period, by, accountId: 'acc_1' });
  await idempotency.forgetExpired();

  expect(database.texts.size).toBe(40);
  for (const text of database.texts) {
    const plan = await explain(text);
    expect(plan).toEqual(expect.not.stringContaining('Seq Scan'));
    // A page is read in its order, and of one account alone.
    if (text.includes('ORDER BY id DESC'))
      expect(plan).toMatch(/^Limit.*\n +-> +Index Scan using generations_by_account/);
  }
});

/** As it is planned when it has been prepared, for whatever values. */
async function explain(text: string): Promise<string> {
  const client = await (database.dataSource.driver as unknown as { master: import('pg').Pool }).master.connect();
  try {
    const { rows } = await client.query(`EXPLAIN (GENERIC_PLAN) ${text}`);
    return rows.map((line) => line['QUERY PLAN']).join('\n');
  } finally {
    client.release();
  }
}
