import {
  type AttemptFailure,
  attempts,
  billing,
  type Generation,
  generations,
  type Output,
  rateLimit,
  type VendorTask,
} from '@doitong/contracts';
import { waitFor } from '@doitong/support';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { aRequest } from '../__fixtures__/manifests.js';
import { startGenerations, type TestGenerations } from '../__fixtures__/start-generations.js';

const LEASE_MS = 60_000;
const CREDENTIALS = { live: 'live-fingerprint', test: 'test-fingerprint' };
const TASK: VendorTask = { id: 'task-1', state: { polling_url: 'https://vendor.example/1' } };
const OUTPUT: Output = {
  key: 'gen/att.mp4',
  bytes: 1_000,
  contentType: 'video/mp4',
  format: 'mp4',
  width: 1366,
  height: 768,
  durationSeconds: 6,
};
const FAILURE: AttemptFailure = {
  code: 'CONTENT_REJECTED',
  message: 'Not this.',
  retryable: false,
  stage: 'PROCESSING',
  unknownSubmission: false,
};

let own: TestGenerations;

beforeAll(async () => {
  // The relay is kept away from the outbox, so that what was written can be read.
  own = await startGenerations({ JOB_LEASE_MS: String(LEASE_MS) });
  own.standIns.refuse(billing.settle, 'INTERNAL', 'away');
  own.standIns.refuse(rateLimit.free, 'INTERNAL', 'away');
});
afterAll(() => own.stop());
beforeEach(() => own.sql('TRUNCATE generations, attempts, idempotency_keys, outbox'));

type Ids = { id: string; attemptId: string };

const begin = ({ attemptId }: Ids, workerId = 'one', credentials: object = CREDENTIALS) =>
  own.bus.request(attempts.begin, { attemptId, workerId, credentials });
const submitted = ({ attemptId }: Ids, workerId = 'one', task = TASK) =>
  own.bus.request(attempts.submitted, { attemptId, workerId, task });
const progress = ({ attemptId }: Ids, percent: number, workerId = 'one') =>
  own.bus.request(attempts.progress, { attemptId, workerId, progress: percent });
const release = ({ attemptId }: Ids, workerId = 'one') => own.bus.request(attempts.release, { attemptId, workerId });
const completed = ({ attemptId }: Ids, workerId = 'one') =>
  own.bus.request(attempts.completed, { attemptId, workerId, output: OUTPUT, vendorCostMicroUsd: 70_000 });
const failed = ({ attemptId }: Ids, workerId = 'one', failure = FAILURE) =>
  own.bus.request(attempts.failed, { attemptId, workerId, failure });
const late = ({ attemptId }: Ids, workerId = 'one') =>
  own.bus.request(attempts.late, { attemptId, workerId, vendorCostMicroUsd: 70_000 });
const cancel = ({ id }: Ids) => own.bus.request(generations.cancel, { accountId: own.accountId, id });
const get = ({ id }: Ids): Promise<Generation> => own.bus.request(generations.get, { accountId: own.accountId, id });

interface AttemptRow {
  status: string;
  worker_id: string | null;
  credential: string | null;
  task: VendorTask | null;
  vendor_cost_micro_usd: number | null;
  failure: AttemptFailure | null;
}
const attempt = async ({ attemptId }: Ids) =>
  (await own.sql<AttemptRow>('SELECT * FROM attempts WHERE id = $1', [attemptId]))[0]!;
/** As if its worker had not been heard of for a lease. */
const expireLease = ({ attemptId }: Ids) =>
  own.sql(`UPDATE attempts SET lease_expires_at = now() - interval '1 ms' WHERE id = $1`, [attemptId]);

/** What was settled of a generation. */
const settlements = async ({ id }: Ids) =>
  (
    await own.sql<{ item: unknown }>(
      `SELECT item FROM outbox WHERE subject = 'billing.settle' AND item->>'generationId' = $1`,
      [id],
    )
  ).map(({ item }) => item);
const outbox = async () =>
  (await own.sql<{ subject: string }>('SELECT subject FROM outbox ORDER BY id')).map(({ subject }) => subject);

/** An attempt that waits for its vendor. */
async function running(workerId = 'one'): Promise<Ids> {
  const ids = await own.accepted();
  await begin(ids, workerId);
  await submitted(ids, workerId);
  return ids;
}

describe('begin', () => {
  it('hands the job to the first worker, to be submitted with its credential of that mode', async () => {
    const ids = await own.accepted({ mode: 'live', input: aRequest({ provider: 'brush', options: { duration: 10 } }) });
    const { deadline_at } = (await own.sql<{ deadline_at: Date }>('SELECT deadline_at FROM generations'))[0]!;
    expect(await begin(ids)).toEqual({
      action: 'submit',
      credential: CREDENTIALS.live,
      job: {
        attemptId: ids.attemptId,
        generationId: ids.id,
        mode: 'live',
        type: 'VIDEO',
        provider: 'brush',
        model: 'brush-1',
        input: { text: 'a red kite' },
        options: { duration: 10, resolution: '768p', strength: 0.5 },
        expectedSeconds: 30,
        deadlineAt: deadline_at.toISOString(),
      },
    });
    expect(await get(ids)).toMatchObject({ status: 'PROCESSING', startedAt: expect.any(String), version: 2 });
    expect((await attempt(ids)).status).toBe('SUBMITTING');
  });

  it('lets one of many submit, and the others wait for its lease', async () => {
    const ids = await own.accepted();
    const replies = await Promise.all(Array.from({ length: 20 }, (_, n) => begin(ids, `worker-${n}`)));
    expect(replies.filter(({ action }) => action === 'submit')).toHaveLength(1);
    const waits = replies.filter((reply) => reply.action === 'wait');
    expect(waits).toHaveLength(19);
    for (const { retryAfterMs } of waits) {
      expect(retryAfterMs).toBeGreaterThan(0);
      expect(retryAfterMs).toBeLessThanOrEqual(LEASE_MS + 1_000);
    }
  });

  it('never has a submit repeated whose answer nobody knows: it is reconciled, with the credential that was used', async () => {
    const ids = await own.accepted();
    const asked = Date.now();
    await begin(ids);
    expect(await begin(ids, 'one')).toMatchObject({ action: 'wait' });
    await expireLease(ids);
    const second = await begin(ids, 'two', { test: 'other-fingerprint' });
    expect(second).toMatchObject({ action: 'reconcile', credential: CREDENTIALS.test });
    const { submittedAfter } = second as { submittedAfter: string };
    expect(Math.abs(Date.parse(submittedAfter) - asked)).toBeLessThan(5_000);
  });

  it.each([
    ['expired', expireLease],
    ['was given back', release],
  ])('has a known task resumed by another worker when the lease %s', async (_, end) => {
    const ids = await running();
    expect(await begin(ids, 'two')).toMatchObject({ action: 'wait' });
    await end(ids);
    expect(await begin(ids, 'two')).toMatchObject({
      action: 'resume',
      task: TASK,
      late: false,
      credential: CREDENTIALS.test,
    });
    expect(await begin(ids, 'one')).toMatchObject({ action: 'wait' });
  });

  it('drops what is over or unknown', async () => {
    const ids = await running();
    await completed(ids);
    expect(await begin(ids, 'two')).toEqual({ action: 'drop' });
    expect(await begin({ id: '', attemptId: own.ids.next('att') })).toEqual({ action: 'drop' });
  });

  it('has nothing submitted after the deadline of its generation', async () => {
    const ids = await own.accepted();
    await own.sql(`UPDATE generations SET deadline_at = now() - interval '1 ms'`);
    expect(await begin(ids)).toMatchObject({ action: 'wait' });
    expect((await attempt(ids)).status).toBe('CREATED');
  });
});

describe('submitted', () => {
  it('of a worker that lost its lease meanwhile still makes the task known, and tells it to stop', async () => {
    const ids = await own.accepted();
    await begin(ids, 'one');
    await expireLease(ids);
    await begin(ids, 'two');
    expect(await submitted(ids, 'one')).toEqual({ live: false });
    expect(await attempt(ids)).toMatchObject({ status: 'SUBMITTED', task: TASK, worker_id: 'two' });
  });

  it('moves a task on for who holds the lease, and takes no older step from who lost it', async () => {
    const ids = await running('one');
    const moved = { id: 'task-2', state: {} };
    expect(await submitted(ids, 'one', moved)).toEqual({ live: true });
    await release(ids, 'one');
    await begin(ids, 'two');
    expect(await submitted(ids, 'one', TASK)).toEqual({ live: false });
    expect((await attempt(ids)).task).toEqual(moved);
  });

  it('said twice changes nothing', async () => {
    const ids = await running();
    expect(await submitted(ids)).toEqual({ live: true });
    expect(await attempt(ids)).toMatchObject({ status: 'SUBMITTED', task: TASK });
  });
});

describe('progress', () => {
  it('renews the lease of its holder and never falls', async () => {
    const ids = await running();
    await expireLease(ids);
    expect(await progress(ids, 40)).toEqual({ live: true });
    expect(await begin(ids, 'two')).toMatchObject({ action: 'wait' });
    expect(await progress(ids, 30)).toEqual({ live: true });
    expect(await get(ids)).toMatchObject({ progress: 40, version: 3 });
    expect(await progress(ids, 90, 'two')).toEqual({ live: false });
    expect((await get(ids)).progress).toBe(40);
  });
});

describe('a repeated or late report', () => {
  it('a completion said many times, at once and again, charges once', async () => {
    const ids = await running();
    const replies = await Promise.all([1, 2, 3, 4, 5].map((n) => completed(ids, `worker-${n}`)));
    expect(replies.filter(({ live }) => live)).toHaveLength(1);
    expect(await completed(ids)).toEqual({ live: false });
    expect(await settlements(ids)).toEqual([{ generationId: ids.id, outcome: 'CAPTURE', credits: 10 }]);
    expect(await outbox()).toEqual(['billing.settle', 'rate-limit.free', 'webhooks.enqueue']);
    expect(await get(ids)).toMatchObject({
      status: 'COMPLETED',
      progress: 100,
      creditCost: 10,
      assetKey: OUTPUT.key,
      completedAt: expect.any(String),
      metadata: {
        width: 1366,
        height: 768,
        duration: 6,
        format: 'mp4',
        contentType: 'video/mp4',
        size: 1_000,
        resolution: '768p',
      },
    });
    expect(await attempt(ids)).toMatchObject({ status: 'COMPLETED', vendor_cost_micro_usd: 70_000 });
  });

  it('a completion after a failure changes nothing, nor a failure after a completion', async () => {
    const [bad, good] = [await running(), await running()];
    expect(await failed(bad)).toEqual({ live: true });
    expect(await completed(bad)).toEqual({ live: false });
    expect(await completed(good)).toEqual({ live: true });
    expect(await failed(good)).toEqual({ live: false });
    expect(await get(bad)).toMatchObject({
      status: 'FAILED',
      creditCost: 0,
      error: { code: 'CONTENT_REJECTED', message: 'Not this.', billed: false, stage: 'PROCESSING' },
    });
    expect(await get(good)).toMatchObject({ status: 'COMPLETED', error: null });
    expect(await settlements(bad)).toEqual([{ generationId: bad.id, outcome: 'RELEASE', credits: 0 }]);
    expect(await settlements(good)).toEqual([{ generationId: good.id, outcome: 'CAPTURE', credits: 10 }]);
  });

  it('a failure of a worker whose attempt another has taken over says nothing', async () => {
    const ids = await running('one');
    await expireLease(ids);
    await begin(ids, 'two');
    expect(await failed(ids, 'one')).toEqual({ live: false });
    expect((await get(ids)).status).toBe('PROCESSING');
    await release(ids, 'two');
    expect(await failed(ids, 'one')).toEqual({ live: true });
  });

  it('a submit that failed before any task is a failure too, and what the worker took from nobody', async () => {
    const ids = await own.accepted();
    await begin(ids);
    expect(await failed(ids, 'one', { ...FAILURE, code: 'PROVIDER_UNAVAILABLE', unknownSubmission: true })).toEqual({
      live: true,
    });
    expect((await attempt(ids)).failure).toMatchObject({ unknownSubmission: true });
  });
});

describe('a cancellation', () => {
  it('of what is QUEUED ends it whole: nobody submits it', async () => {
    const ids = await own.accepted();
    expect(await cancel(ids)).toEqual({ cancelled: true });
    expect(await cancel(ids)).toEqual({ cancelled: false });
    expect(await get(ids)).toMatchObject({ status: 'CANCELLED', creditCost: 0 });
    expect((await attempt(ids)).status).toBe('FAILED');
    expect(await begin(ids)).toEqual({ action: 'drop' });
    expect(await settlements(ids)).toEqual([{ generationId: ids.id, outcome: 'RELEASE', credits: 0 }]);
  });

  it('of what is PROCESSING tells its worker, and a result that comes all the same is recorded as LATE and not charged', async () => {
    const hints: unknown[] = [];
    const listening = own.bus.listen(attempts.hint, (hint) => void hints.push(hint));
    await own.connection.flush();
    const ids = await running();
    await cancel(ids);
    await waitFor(() => expect(hints).toEqual([{ attemptId: ids.attemptId, what: 'cancel' }]));
    listening.unsubscribe();
    expect(await progress(ids, 50)).toEqual({ live: false });
    expect(await completed(ids)).toEqual({ live: false });
    expect(await attempt(ids)).toMatchObject({ status: 'LATE', vendor_cost_micro_usd: 70_000 });
    expect(await get(ids)).toMatchObject({ status: 'CANCELLED', creditCost: 0, assetKey: null });
    expect(await settlements(ids)).toEqual([{ generationId: ids.id, outcome: 'RELEASE', credits: 0 }]);
    expect(await outbox()).toHaveLength(3);
  });

  it('while the vendor is being asked still makes the task known, to be looked at once more by whoever is free', async () => {
    const ids = await own.accepted();
    await begin(ids);
    await cancel(ids);
    expect(await submitted(ids)).toEqual({ live: false });
    await release(ids);
    expect(await begin(ids, 'two')).toMatchObject({ action: 'resume', late: true, task: TASK });
    await late(ids, 'two');
    await late(ids, 'two');
    expect(await attempt(ids)).toMatchObject({ status: 'LATE', vendor_cost_micro_usd: 70_000 });
    expect(await begin(ids, 'three')).toEqual({ action: 'drop' });
    expect(await outbox()).toHaveLength(3);
  });

  it('of another account’s generation finds none', async () => {
    const { id } = await own.accepted();
    const asked = own.bus.request(generations.cancel, { accountId: own.ids.next('acc'), id });
    await expect(asked).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('has no late success of an attempt that is not abandoned', async () => {
    const ids = await running();
    await late(ids);
    expect((await attempt(ids)).status).toBe('SUBMITTED');
  });
});

describe('an end', () => {
  it('and what others must hear of it are one transaction', async () => {
    const ids = await running();
    await own.sql('ALTER TABLE outbox RENAME TO hidden');
    await expect(completed(ids)).rejects.toMatchObject({ code: 'INTERNAL' });
    await expect(cancel(ids)).rejects.toMatchObject({ code: 'INTERNAL' });
    await own.sql('ALTER TABLE hidden RENAME TO outbox');
    expect((await attempt(ids)).status).toBe('SUBMITTED');
    expect(await get(ids)).toMatchObject({ status: 'PROCESSING', assetKey: null });
    expect(await completed(ids)).toEqual({ live: true });
  });

  it('takes the attempt before its generation from outside too, as reports do: they never wait for each other', async () => {
    const ids = await running();
    const client = await own.connect();
    await client.query('BEGIN');
    await client.query('SELECT FROM attempts WHERE id = $1 FOR UPDATE', [ids.attemptId]);
    const cancelled = cancel(ids);
    await waitFor(async () => {
      const waiting = await own.sql(
        `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
      );
      expect(waiting).toHaveLength(1);
    });
    await client.query('SELECT FROM generations WHERE id = $1 FOR UPDATE NOWAIT', [ids.id]);
    await client.query('COMMIT');
    client.release();
    expect(await cancelled).toEqual({ cancelled: true });
  });

  it('is one and in agreement with its attempt and its settlement, whatever comes at the same time', async () => {
    const all = await Promise.all(Array.from({ length: 25 }, () => own.accepted()));
    await Promise.all(all.map((ids) => begin(ids)));
    const outcomes = await Promise.allSettled(
      all.flatMap((ids) => [
        cancel(ids),
        completed(ids),
        failed(ids),
        progress(ids, 70),
        submitted(ids),
        begin(ids, 'two'),
      ]),
    );
    expect(outcomes.filter(({ status }) => status === 'rejected')).toEqual([]);
    const agreed = {
      COMPLETED: ['COMPLETED', 'CAPTURE'],
      FAILED: ['FAILED', 'RELEASE'],
      CANCELLED: ['LATE|FAILED', 'RELEASE'],
    };
    for (const ids of all) {
      const { status } = await get(ids);
      const [attemptStatus, outcome] = agreed[status as keyof typeof agreed];
      expect((await attempt(ids)).status).toMatch(new RegExp(attemptStatus!));
      expect(await settlements(ids)).toMatchObject([{ outcome }]);
    }
    expect(await outbox()).toHaveLength(3 * all.length);
  });
});
