import { attempts, billing, generations, rateLimit } from '@doitong/contracts';
import { waitFor } from '@doitong/support';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { FAILURE, type Ids, outputOf, reportsTo, TASK } from '../__fixtures__/reports.js';
import { startGenerations, type TestGenerations } from '../__fixtures__/start-generations.js';
import { GenerationsService } from '../generations/generations.service.js';

let own: TestGenerations;
let reports: ReturnType<typeof reportsTo>;

beforeAll(async () => {
  own = await startGenerations();
  // Refused, so that what was written to the outbox can be read.
  own.standIns.refuse(billing.settle, 'INTERNAL', 'away');
  own.standIns.refuse(rateLimit.free, 'INTERNAL', 'away');
  reports = reportsTo(own);
});
afterAll(() => own.stop());
beforeEach(() => own.clear());

/** What was settled of a generation. */
const settlements = async ({ id }: Ids) =>
  (
    await own.sql<{ item: unknown }>(
      `SELECT item FROM outbox WHERE subject = 'billing.settle' AND item->>'generationId' = $1`,
      [id],
    )
  ).map(({ item }) => item);
/** What is to be told of an end. */
const outbox = async () =>
  (
    await own.sql<{ subject: string }>(
      `SELECT subject FROM outbox WHERE item->>'type' IS DISTINCT FROM 'generation.processing' ORDER BY id`,
    )
  ).map(({ subject }) => subject);

it('an ending counts as settled once billing has taken it, one page after the other', async () => {
  const [running, failed, completed] = [await reports.running(), await reports.running(), await reports.running()];
  await reports.failed(failed);
  await reports.completed(completed);
  const ask = (after: string | null, first: number) => own.ask(generations.settled, { after, first });
  expect(await ask(null, 10)).toEqual({ generations: [], next: null });
  await own.sql(`DELETE FROM outbox WHERE subject = 'billing.settle'`);
  expect(await ask(null, 2)).toEqual({
    generations: [expect.objectContaining({ id: failed.id, status: 'FAILED', creditCost: 0 })],
    next: failed.id,
  });
  expect(await ask(failed.id, 2)).toEqual({
    generations: [expect.objectContaining({ id: completed.id, status: 'COMPLETED', creditCost: 10 })],
    next: null,
  });
  const { statuses } = await own.ask(generations.statuses, { ids: [running.id, completed.id] });
  expect(statuses.map(({ creditCost }) => creditCost)).toEqual([10, 10]);
});

describe('a repeated or late report', () => {
  it('a completion said many times, at once and again, charges once', async () => {
    const ids = await reports.running();
    const replies = await Promise.all([1, 2, 3, 4, 5].map((n) => reports.completed(ids, `worker-${n}`)));
    expect(replies.filter(({ live }) => live)).toHaveLength(1);
    expect(await reports.completed(ids)).toEqual({ live: false });
    expect(await settlements(ids)).toEqual([{ generationId: ids.id, outcome: 'CAPTURE', credits: 10 }]);
    expect(await outbox()).toEqual(['billing.settle', 'rate-limit.free', 'webhooks.enqueue']);
    expect(await reports.get(ids)).toMatchObject({
      status: 'COMPLETED',
      progress: 100,
      creditCost: 10,
      assetKey: outputOf(ids).key,
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
    expect(await reports.attempt(ids)).toMatchObject({ status: 'COMPLETED', vendor_cost_micro_usd: 70_000 });
  });

  it('a completion after a failure changes nothing, nor a failure after a completion', async () => {
    const [bad, good] = [await reports.running(), await reports.running()];
    expect(await reports.failed(bad)).toEqual({ live: true });
    expect(await reports.completed(bad)).toEqual({ live: false });
    expect(await reports.completed(good)).toEqual({ live: true });
    expect(await reports.failed(good)).toEqual({ live: false });
    expect(await reports.get(bad)).toMatchObject({
      status: 'FAILED',
      creditCost: 0,
      error: { code: 'CONTENT_REJECTED', message: 'Not this.', billed: false, stage: 'PROCESSING' },
    });
    expect(await reports.get(good)).toMatchObject({ status: 'COMPLETED', error: null });
    expect(await settlements(bad)).toEqual([{ generationId: bad.id, outcome: 'RELEASE', credits: 0 }]);
    expect(await settlements(good)).toEqual([{ generationId: good.id, outcome: 'CAPTURE', credits: 10 }]);
  });

  it('a failure of a worker whose attempt another has taken over says nothing', async () => {
    const ids = await reports.running('one');
    await reports.expireLease(ids);
    await reports.begin(ids, 'two');
    expect(await reports.failed(ids, 'one')).toEqual({ live: false });
    expect((await reports.get(ids)).status).toBe('PROCESSING');
    await reports.release(ids, 'two');
    expect(await reports.failed(ids, 'one')).toEqual({ live: true });
  });

  it('a submit that failed before any task is a failure too, and what the worker took from nobody', async () => {
    const ids = await own.accepted();
    await reports.begin(ids);
    expect(
      await reports.failed(ids, 'one', { ...FAILURE, code: 'PROVIDER_UNAVAILABLE', kind: 'submission-unknown' }),
    ).toEqual({
      live: true,
    });
    expect((await reports.attempt(ids)).failure).toMatchObject({ kind: 'submission-unknown' });
  });
});

describe('a cancellation', () => {
  it('of what is QUEUED ends it whole: nobody submits it', async () => {
    const ids = await own.accepted();
    expect(await reports.cancel(ids)).toEqual({ cancelled: true });
    expect(await reports.cancel(ids)).toEqual({ cancelled: false });
    expect(await reports.get(ids)).toMatchObject({ status: 'CANCELLED', creditCost: 0 });
    expect((await reports.attempt(ids)).status).toBe('FAILED');
    expect(await reports.begin(ids)).toEqual({ action: 'drop' });
    expect(await settlements(ids)).toEqual([{ generationId: ids.id, outcome: 'RELEASE', credits: 0 }]);
  });

  it('of what is PROCESSING tells its worker, is charged, and a result that comes all the same is recorded as LATE and not charged again', async () => {
    const hints: unknown[] = [];
    const listening = own.bus.listen(attempts.hint('painters'), (hint) => void hints.push(hint));
    await own.connection.flush();
    const ids = await reports.running();
    await reports.cancel(ids);
    await waitFor(() => expect(hints).toEqual([{ attemptId: ids.attemptId, what: 'cancel' }]));
    listening.unsubscribe();
    expect(await reports.progress(ids, 50)).toEqual({ live: false });
    expect(await reports.completed(ids)).toEqual({ live: false });
    expect(await reports.attempt(ids)).toMatchObject({ status: 'LATE', vendor_cost_micro_usd: 70_000 });
    expect(await reports.get(ids)).toMatchObject({ status: 'CANCELLED', creditCost: 10, assetKey: null });
    expect(await settlements(ids)).toEqual([{ generationId: ids.id, outcome: 'CAPTURE', credits: 10 }]);
    expect(await outbox()).toHaveLength(3);
  });

  it('while the vendor is being asked still makes the task known, to be looked at once more by whoever is free', async () => {
    const ids = await own.accepted();
    await reports.begin(ids);
    await reports.cancel(ids);
    expect(await reports.submitted(ids)).toEqual({ live: false });
    await reports.release(ids);
    expect(await reports.begin(ids, 'two')).toMatchObject({ action: 'resume', late: true, task: TASK });
    await reports.late(ids, 'two');
    await reports.late(ids, 'two');
    expect(await reports.attempt(ids)).toMatchObject({ status: 'LATE', vendor_cost_micro_usd: 70_000 });
    expect(await reports.begin(ids, 'three')).toEqual({ action: 'drop' });
    expect(await outbox()).toHaveLength(3);
  });

  it('of another account’s generation finds none', async () => {
    const { id } = await own.accepted();
    const asked = own.ask(generations.cancel, { accountId: own.ids.next('acc'), mode: 'test', id });
    await expect(asked).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('has no late success of an attempt that is not abandoned', async () => {
    const ids = await reports.running();
    await reports.late(ids);
    expect((await reports.attempt(ids)).status).toBe('SUBMITTED');
  });
});

describe('an end', () => {
  it('and what others must hear of it are one transaction', async () => {
    const ids = await reports.running();
    await own.sql('ALTER TABLE outbox RENAME TO hidden');
    await expect(reports.completed(ids)).rejects.toMatchObject({ code: 'INTERNAL' });
    await expect(reports.cancel(ids)).rejects.toMatchObject({ code: 'INTERNAL' });
    await own.sql('ALTER TABLE hidden RENAME TO outbox');
    expect((await reports.attempt(ids)).status).toBe('SUBMITTED');
    expect(await reports.get(ids)).toMatchObject({ status: 'PROCESSING', assetKey: null });
    expect(await reports.completed(ids)).toEqual({ live: true });
  });

  it('takes the attempt before its generation from outside too, as reports do: they never wait for each other', async () => {
    const ids = await reports.running();
    const { cancelled } = await own.transaction(async ({ query, blocks }) => {
      await query('SELECT FROM attempts WHERE id = $1 FOR UPDATE', [ids.attemptId]);
      const cancelled = reports.cancel(ids);
      await blocks();
      await query('SELECT FROM generations WHERE id = $1 FOR UPDATE NOWAIT', [ids.id]);
      return { cancelled };
    });
    expect(await cancelled).toEqual({ cancelled: true });
  });

  it('comes in one sweep to any number whose deadline has passed', async () => {
    await own.accepted();
    await own.sql(`
      INSERT INTO generations SELECT (jsonb_populate_record(g, jsonb_build_object('id', 'gen_' || md5(n::text)))).*
      FROM generations g, generate_series(1, 100) AS n`);
    await own.sql(`UPDATE generations SET deadline_at = now() - interval '1 s'`);
    await own.service.app.get(GenerationsService).failOverdue();
    expect(await own.sql(`SELECT FROM generations WHERE status = 'FAILED'`)).toHaveLength(101);
    expect(await own.sql(`SELECT FROM outbox WHERE subject = 'billing.settle'`)).toHaveLength(101);
  });

  it('is one and in agreement with its attempt and its settlement, whatever comes at the same time', async () => {
    const all = await Promise.all(Array.from({ length: 25 }, () => own.accepted()));
    await Promise.all(all.map((ids) => reports.begin(ids)));
    const outcomes = await Promise.allSettled(
      all.flatMap((ids) => [
        reports.cancel(ids),
        reports.completed(ids),
        reports.failed(ids),
        reports.progress(ids, 70),
        reports.submitted(ids),
        reports.begin(ids, 'two'),
      ]),
    );
    expect(outcomes.filter(({ status }) => status === 'rejected')).toEqual([]);
    const agreed = {
      COMPLETED: ['COMPLETED', 'CAPTURE'],
      FAILED: ['FAILED', 'RELEASE'],
      // Nobody cancelled before it was begun.
      CANCELLED: ['LATE|FAILED', 'CAPTURE'],
    };
    for (const ids of all) {
      const { status } = await reports.get(ids);
      const [attemptStatus, outcome] = agreed[status as keyof typeof agreed];
      expect((await reports.attempt(ids)).status).toMatch(new RegExp(attemptStatus!));
      expect(await settlements(ids)).toMatchObject([{ outcome }]);
    }
    expect(await outbox()).toHaveLength(3 * all.length);
  });
});

describe('a beginning', () => {
  const told = () =>
    own.sql<{ id: string; url: string | null; status: string; version: number }>(
      `SELECT item->>'id' AS id, item->>'url' AS url, item->'data'->>'status' AS status, (item->'data'->'version')::integer AS version
       FROM outbox WHERE item->>'type' = 'generation.processing'`,
    );

  it('is told once, to endpoints and to no webhookUrl, however often the attempt is taken up', async () => {
    const ids = await reports.running('one');
    await reports.expireLease(ids);
    await reports.begin(ids, 'two');
    const id = `evt_${ids.id.slice(4)}_2`;
    expect(await told()).toEqual([{ id, url: null, status: 'PROCESSING', version: 2 }]);
  });

  it('and what is to be told of it are one transaction', async () => {
    const ids = await own.accepted();
    await own.sql('ALTER TABLE outbox RENAME TO hidden');
    await expect(reports.begin(ids)).rejects.toMatchObject({ code: 'INTERNAL' });
    await own.sql('ALTER TABLE hidden RENAME TO outbox');
    expect(await reports.get(ids)).toMatchObject({ status: 'QUEUED' });
    await reports.begin(ids);
    expect(await told()).toHaveLength(1);
  });
});
