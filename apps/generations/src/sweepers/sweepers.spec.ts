import { attempts, billing, generations, type Job, rateLimit } from '@doitong/contracts';
import { JobQueue, Logger } from '@doitong/service-kit';
import { eventually, waitFor } from '@doitong/support';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { jetstreamManager } from '@nats-io/jetstream';
import type { Ids } from '../__fixtures__/reports.js';
import { startGenerations, type TestGenerations } from '../__fixtures__/start-generations.js';
import { IdempotencyRepository } from '../admission/idempotency.repository.js';
import { AttemptsRepository } from '../attempts/attempts.repository.js';

const LEASE_MS = 600_000;
const RECONCILE_SECONDS = 900;
const CREDENTIALS = { test: ['test-fingerprint'] };

let own: TestGenerations;
let jobs: Job[];
let consumer: { stop(): Promise<void> };

beforeAll(async () => {
  own = await startGenerations({
    SWEEP_MS: '50',
    JOB_LEASE_MS: String(LEASE_MS),
    RECONCILE_SECONDS: String(RECONCILE_SECONDS),
  });
  own.standIns.refuse(billing.settle, 'INTERNAL', 'away');
  own.standIns.refuse(rateLimit.free, 'INTERNAL', 'away');
});
afterAll(() => own.stop());
beforeEach(async () => {
  await own.clear();
  jobs = [];
  const queue = new JobQueue(own.connection, new Logger('worker', 'silent'));
  consumer = queue.consume('painters', { concurrency: 50, leaseMs: LEASE_MS }, async (job) => {
    jobs.push(job);
    return 'done';
  });
});
afterEach(() => consumer.stop());

/** How often its worker was told of it: at least as often as it was called. */
const published = ({ attemptId }: Ids) => jobs.filter((job) => job.attemptId === attemptId).length;
const expireLeases = () => own.sql(`UPDATE attempts SET lease_expires_at = now() - interval '1 ms'`);
const leases = () =>
  own.sql<{ publishes: number; lease: number; worker_id: string | null }>(
    'SELECT publishes, worker_id, extract(epoch FROM lease_expires_at - now())::float8 * 1000 AS lease FROM attempts',
  );
/** How often it was called. */
const calls = async ({ attemptId }: Ids) =>
  (await own.sql<{ publishes: number }>('SELECT publishes FROM attempts WHERE id = $1', [attemptId]))[0]!.publishes;
const repository = () => own.service.app.get(AttemptsRepository);

/** A sweep that begins from now on: the one before it is over then. Its first step is to look whether there is a queue. */
async function nextSweep(): Promise<{ hasQueue: Promise<unknown> }> {
  const look = jest.spyOn(own.service.app.get(JobQueue), 'ensureStream');
  try {
    const { value } = await eventually(() => look.mock.results[0]);
    return { hasQueue: value as Promise<void> };
  } finally {
    look.mockRestore();
  }
}

describe('a job without a lease', () => {
  it('is published once when it is accepted, and not again while its worker has time to come', async () => {
    const [accepted, late] = [await own.accepted(), await own.accepted()];
    await waitFor(() => expect(published(accepted)).toBeGreaterThanOrEqual(1));
    await own.sql(`UPDATE attempts SET lease_expires_at = now() - interval '1 ms' WHERE id = $1`, [late.attemptId]);
    // A sweep takes all that it finds: the one that took this has passed over the other.
    await waitFor(async () => expect(await calls(late)).toBe(2));
    expect(await calls(accepted)).toBe(1);
  });

  it('is published again when nobody came in time, with twice as much time at each call', async () => {
    const accepted = await own.accepted();
    for (const [many, factor] of [
      [2, 2],
      [3, 4],
      [4, 8],
      [5, 16],
      [6, 32],
      [7, 32],
    ] as const) {
      await expireLeases();
      await waitFor(async () => expect(await calls(accepted)).toBe(many));
      const [row] = await leases();
      expect(row!.lease / (factor * LEASE_MS)).toBeCloseTo(1, 1);
      await waitFor(() => expect(published(accepted)).toBeGreaterThanOrEqual(many));
    }
  });

  it('is taken from a worker that is heard of no more, and free for the next one at once', async () => {
    const accepted = await own.accepted();
    await own.say(attempts.begin, {
      attemptId: accepted.attemptId,
      workerId: 'one',
      beginId: 'first',
      credentials: CREDENTIALS,
    });
    await expireLeases();
    await waitFor(async () => expect(await leases()).toMatchObject([{ worker_id: null }]));
    const next = { attemptId: accepted.attemptId, workerId: 'two', beginId: 'second', credentials: CREDENTIALS };
    expect(await own.say(attempts.begin, next)).toMatchObject({ action: 'reconcile' });
  });

  it('is published by one of all sweepers, and so many at a time', async () => {
    await Promise.all(Array.from({ length: 12 }, () => own.accepted()));
    const sweeps = await own.transaction(async ({ query, blocks }) => {
      await query('LOCK TABLE attempts IN SHARE ROW EXCLUSIVE MODE');
      await query(`UPDATE attempts SET lease_expires_at = now() - interval '1 ms'`);
      const sweeps = [1, 2, 3].map(() => repository().withoutLease(5));
      // Beside these, the service's own may wait.
      await blocks(3);
      return sweeps;
    });
    const found = (await Promise.all(sweeps)).map((some) => some.map(({ attemptId }) => attemptId));
    for (const some of found) expect(some.length).toBeLessThanOrEqual(5);
    expect(new Set(found.flat()).size).toBe(found.flat().length);
    await waitFor(async () => expect((await leases()).map(({ publishes }) => publishes)).toEqual(Array(12).fill(2)));
  });

  it('is published again after the stream was deleted', async () => {
    const accepted = await own.accepted();
    await waitFor(() => expect(published(accepted)).toBeGreaterThanOrEqual(1));
    const before = published(accepted);
    // nats-server can break a stream that is made anew while it is being deleted: no sweep does so here.
    const made = jest.spyOn(own.service.app.get(JobQueue), 'ensureStream').mockRejectedValue(new Error('held back'));
    await waitFor(() => expect(made).toHaveBeenCalled());
    await (await jetstreamManager(own.connection)).streams.delete('JOBS');
    made.mockRestore();
    // One that was held back calls nobody.
    await (await nextSweep()).hasQueue;
    await expireLeases();
    await waitFor(() => expect(published(accepted)).toBeGreaterThan(before));
  });

  it('is not put off while NATS cannot take it', async () => {
    const accepted = await own.accepted();
    await waitFor(() => expect(published(accepted)).toBeGreaterThanOrEqual(1));
    const before = published(accepted);
    await own.nats.stop();
    const sweep = await nextSweep();
    await expireLeases();
    await expect(sweep.hasQueue).rejects.toThrow();
    await nextSweep();
    expect(await calls(accepted)).toBe(1);
    await own.nats.restart({ wipe: true });
    await waitFor(() => expect(published(accepted)).toBeGreaterThan(before), { timeoutMs: 40_000 });
  });
});

describe('a deadline that has passed', () => {
  it('fails every generation that is not over, and charges none', async () => {
    const queued = await own.accepted();
    const processing = await own.accepted();
    await own.say(attempts.begin, {
      attemptId: processing.attemptId,
      workerId: 'one',
      beginId: 'first',
      credentials: CREDENTIALS,
    });
    const inTime = await own.accepted();
    await own.sql(`UPDATE generations SET deadline_at = now() WHERE id <> $1`, [inTime.id]);
    const get = (id: string) => own.ask(generations.get, { accountId: own.accountId, mode: 'test', id });
    for (const { id } of [queued, processing]) {
      await waitFor(async () => expect((await get(id)).status).toBe('FAILED'));
      expect(await get(id)).toMatchObject({
        creditCost: 0,
        error: { code: 'GENERATION_FAILED', stage: 'PROCESSING', retryable: true, billed: false },
      });
    }
    expect((await get(inTime.id)).status).toBe('QUEUED');
    const settled = await own.sql(`SELECT item->>'outcome' AS outcome FROM outbox WHERE subject = 'billing.settle'`);
    expect(settled).toEqual([{ outcome: 'RELEASE' }, { outcome: 'RELEASE' }]);
  });
});

describe('an abandoned attempt', () => {
  const abandoned = async (task: boolean) => {
    const accepted = await own.accepted();
    const holder = { attemptId: accepted.attemptId, workerId: 'one' };
    await own.say(attempts.begin, { ...holder, beginId: 'first', credentials: CREDENTIALS });
    if (task) await own.say(attempts.submitted, { ...holder, task: { id: 'task', state: {} } });
    await waitFor(() => expect(published(accepted)).toBeGreaterThanOrEqual(1));
    await own.ask(generations.cancel, { accountId: own.accountId, mode: 'test', id: accepted.id });
    return accepted;
  };
  const statusOf = async ({ attemptId }: Ids) =>
    (await own.sql<{ status: string }>('SELECT status FROM attempts WHERE id = $1', [attemptId]))[0]!.status;

  it('is looked at again while its late result may come, if its task is known', async () => {
    const [known, unknown] = [await abandoned(true), await abandoned(false)];
    await expireLeases();
    await waitFor(async () => expect(await calls(known)).toBe(2));
    await waitFor(() => expect(published(known)).toBeGreaterThanOrEqual(2));
    expect(await calls(unknown)).toBe(1);
    expect([await statusOf(known), await statusOf(unknown)]).toEqual(['ABANDONED', 'ABANDONED']);
  });

  it('is closed when that time is over', async () => {
    const known = await abandoned(true);
    await own.sql(
      `UPDATE attempts SET reconcile_until = now() - interval '1 s', lease_expires_at = now() - interval '1 s'`,
    );
    await waitFor(async () => expect(await statusOf(known)).toBe('FAILED'));
    expect(await calls(known)).toBe(1);
  });
});

it('idempotency keys past their day are forgotten, and no others', async () => {
  for (const key of ['old', 'new']) await own.create({ idempotency: { key, scope: 'generate' } });
  await own.sql(`UPDATE idempotency_keys SET expires_at = now() - interval '1 s' WHERE key = 'old'`);
  await own.service.app.get(IdempotencyRepository).forgetExpired();
  expect(await own.sql('SELECT key FROM idempotency_keys')).toEqual([{ key: 'new' }]);
});
