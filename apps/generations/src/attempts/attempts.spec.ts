import { attempts, billing } from '@doitong/contracts';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { aRequest } from '../__fixtures__/manifests.js';
import { FAILURE, type Ids, outputOf, reportsTo, TASK } from '../__fixtures__/reports.js';
import { CREDENTIALS, startGenerations, type TestGenerations } from '../__fixtures__/start-generations.js';

const LEASE_MS = 600_000;

let own: TestGenerations;
let reports: ReturnType<typeof reportsTo>;

beforeAll(async () => {
  own = await startGenerations({ JOB_LEASE_MS: String(LEASE_MS) });
  reports = reportsTo(own);
});
afterAll(() => own.stop());
beforeEach(() => own.clear());

describe('begin', () => {
  it('hands the job to the first worker, to be submitted with its credential of that mode', async () => {
    const ids = await own.accepted({ mode: 'live', input: aRequest({ provider: 'brush', options: { duration: 10 } }) });
    const { deadline_at } = (await own.sql<{ deadline_at: Date }>('SELECT deadline_at FROM generations'))[0]!;
    expect(await reports.begin(ids)).toEqual({
      action: 'submit',
      credential: CREDENTIALS.live[0],
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
        measuresAudio: false,
        deadlineAt: deadline_at.toISOString(),
      },
    });
    expect(await reports.get(ids)).toMatchObject({ status: 'PROCESSING', startedAt: expect.any(String), version: 2 });
    expect((await reports.attempt(ids)).status).toBe('SUBMITTING');
  });

  it('lets one of many submit, and the others wait for its lease', async () => {
    const ids = await own.accepted();
    const replies = await Promise.all(Array.from({ length: 20 }, (_, n) => reports.begin(ids, `worker-${n}`)));
    expect(replies.filter(({ action }) => action === 'submit')).toHaveLength(1);
    const waits = replies.filter((reply) => reply.action === 'wait');
    expect(waits).toHaveLength(19);
    for (const { retryAfterMs } of waits) {
      expect(retryAfterMs).toBeGreaterThan(0);
      // Its statement may have begun well before that of the one that took the lease.
      expect(retryAfterMs).toBeLessThanOrEqual(2 * LEASE_MS);
    }
  });

  it('never has a submit repeated whose answer nobody knows: it is reconciled, with the credential that was used', async () => {
    const ids = await own.accepted();
    const clock = async () => (await own.sql<{ now: Date }>('SELECT now()'))[0]!.now.getTime();
    const before = await clock();
    await reports.begin(ids);
    const after = await clock();
    expect(await reports.begin(ids, 'one')).toMatchObject({ action: 'wait' });
    await reports.expireLease(ids);
    const second = await reports.begin(ids, 'two', { credentials: { test: ['other-fingerprint'] } });
    expect(second).toMatchObject({ action: 'reconcile', credential: CREDENTIALS.test[0] });
    const { submittedAfter } = second as { submittedAfter: string };
    expect(Date.parse(submittedAfter)).toBeGreaterThanOrEqual(before);
    expect(Date.parse(submittedAfter)).toBeLessThanOrEqual(after);
  });

  it('asked again after its answer was lost gives the same one, so that what nobody submitted is not taken for submitted', async () => {
    const ids = await own.accepted();
    const [first, lost] = [{ beginId: 'first' }, { beginId: 'lost' }];
    const answer = await reports.begin(ids, 'one', lost);
    expect(answer.action).toBe('submit');
    expect(await reports.begin(ids, 'one', lost)).toEqual(answer);
    await reports.expireLease(ids);
    expect(await reports.begin(ids, 'one', lost)).toEqual(answer);
    expect(await reports.begin(ids, 'one', first)).toMatchObject({ action: 'wait' });
    expect((await reports.get(ids)).version).toBe(2);
  });

  it('whose lost answer was no submit is given none when it asks again, nor after another worker went on', async () => {
    const ids = await own.accepted();
    await reports.begin(ids, 'one', { beginId: 'first' });
    await reports.expireLease(ids);
    const reconcile = await reports.begin(ids, 'two', { beginId: 'second' });
    expect(reconcile.action).toBe('reconcile');
    expect(await reports.begin(ids, 'two', { beginId: 'second' })).toEqual(reconcile);
    expect(await reports.begin(ids, 'one', { beginId: 'first' })).toMatchObject({ action: 'wait' });
    await reports.expireLease(ids);
    expect(await reports.begin(ids, 'one', { beginId: 'first' })).toMatchObject({ action: 'reconcile' });
    await reports.submitted(ids, 'one');
    expect(await reports.begin(ids, 'one', { beginId: 'first' })).toMatchObject({ action: 'resume', task: TASK });
    await reports.cancel(ids);
    expect(await reports.begin(ids, 'one', { beginId: 'first' })).toMatchObject({ action: 'resume', late: true });
  });

  it('asked again for what was cancelled meanwhile is dropped', async () => {
    const ids = await own.accepted();
    await reports.begin(ids, 'one', { beginId: 'first' });
    await reports.cancel(ids);
    expect(await reports.begin(ids, 'one', { beginId: 'first' })).toEqual({ action: 'drop' });
  });

  it.each([
    ['expired', (ids: Ids) => reports.expireLease(ids)],
    ['was given back', (ids: Ids) => reports.release(ids)],
  ])('has a known task resumed by another worker when the lease %s', async (_, end) => {
    const ids = await reports.running();
    expect(await reports.begin(ids, 'two')).toMatchObject({ action: 'wait' });
    await end(ids);
    expect(await reports.begin(ids, 'two')).toMatchObject({
      action: 'resume',
      task: TASK,
      late: false,
      credential: CREDENTIALS.test[0],
    });
    expect(await reports.begin(ids, 'one')).toMatchObject({ action: 'wait' });
  });

  it('drops what is over or unknown', async () => {
    const ids = await reports.running();
    await reports.completed(ids);
    expect(await reports.begin(ids, 'two')).toEqual({ action: 'drop' });
    expect(await reports.begin({ id: '', attemptId: own.ids.next('att') })).toEqual({ action: 'drop' });
  });

  it('has nothing submitted after the deadline of its generation', async () => {
    const ids = await own.accepted();
    await own.sql(`UPDATE generations SET deadline_at = now() - interval '1 ms'`);
    expect(await reports.begin(ids)).toMatchObject({ action: 'wait' });
    expect((await reports.attempt(ids)).status).toBe('CREATED');
  });
});

describe('submitted', () => {
  it('of a worker that lost its lease meanwhile still makes the task known, and tells it to stop', async () => {
    const ids = await own.accepted();
    await reports.begin(ids, 'one');
    await reports.expireLease(ids);
    await reports.begin(ids, 'two');
    expect(await reports.submitted(ids, 'one')).toEqual({ live: false });
    expect(await reports.attempt(ids)).toMatchObject({ status: 'SUBMITTED', task: TASK, worker_id: 'two' });
  });

  it('moves a task on for who holds the lease, and takes no older step from who lost it', async () => {
    const ids = await reports.running('one');
    const moved = { id: 'task-2', state: {} };
    expect(await reports.submitted(ids, 'one', moved)).toEqual({ live: true });
    await reports.release(ids, 'one');
    await reports.begin(ids, 'two');
    expect(await reports.submitted(ids, 'one', TASK)).toEqual({ live: false });
    expect((await reports.attempt(ids)).task).toEqual(moved);
  });

  it('said twice changes nothing', async () => {
    const ids = await reports.running();
    expect(await reports.submitted(ids)).toEqual({ live: true });
    expect(await reports.attempt(ids)).toMatchObject({ status: 'SUBMITTED', task: TASK });
  });
});

describe('progress', () => {
  it('renews the lease of its holder and never falls', async () => {
    const ids = await reports.running();
    await reports.expireLease(ids);
    expect(await reports.progress(ids, 40)).toEqual({ live: true });
    expect(await reports.begin(ids, 'two')).toMatchObject({ action: 'wait' });
    expect(await reports.progress(ids, 30)).toEqual({ live: true });
    expect(await reports.get(ids)).toMatchObject({ progress: 40, version: 3 });
    expect(await reports.progress(ids, 90, 'two')).toEqual({ live: false });
    expect((await reports.get(ids)).progress).toBe(40);
  });

  it('of who resumes, or of another attempt, shows only once it is further', async () => {
    const ids = await reports.running();
    await reports.progress(ids, 60);
    await reports.release(ids);
    await reports.begin(ids, 'two');
    await reports.progress(ids, 10, 'two');
    expect((await reports.get(ids)).progress).toBe(60);

    await own.sql(`UPDATE attempts SET status = 'FAILED' WHERE id = $1`, [ids.attemptId]);
    const second = { id: ids.id, attemptId: own.ids.next('att') };
    await own.sql(
      `INSERT INTO attempts (id, generation_id, number, family, provider, model, status, lease_expires_at)
       SELECT $2, generation_id, 2, family, provider, model, 'CREATED', now() FROM attempts WHERE id = $1`,
      [ids.attemptId, second.attemptId],
    );
    await reports.begin(second);
    await reports.submitted(second);
    const seen: number[] = [];
    for (const percent of [0, 5, 59, 61, 99, 20]) {
      await reports.progress(second, percent);
      seen.push((await reports.get(second)).progress);
    }
    expect(seen).toEqual([60, 60, 60, 61, 99, 99]);
  });
});

describe('a worker of another family', () => {
  const other = 'sculptors';
  const said = (ids: Ids) => ({ attemptId: ids.attemptId, workerId: 'one' });

  it('finds no attempt to begin, though it says the same', async () => {
    const ids = await own.accepted();
    const begin = { ...said(ids), beginId: 'b', credentials: CREDENTIALS };
    expect(await own.say(attempts.begin, begin, other)).toEqual({ action: 'drop' });
    expect((await reports.attempt(ids)).status).toBe('CREATED');
  });

  it('changes nothing of an attempt by whatever it reports, under the name of the worker that holds it too', async () => {
    const ids = await reports.running();
    const before = await own.sql('SELECT * FROM attempts WHERE id = $1', [ids.attemptId]);
    const dead = { live: false };
    const by = said(ids);
    const moved = { ...TASK, id: 'task-of-a-spy' };
    expect(await own.say(attempts.submitted, { ...by, task: moved }, other)).toEqual(dead);
    expect(await own.say(attempts.progress, { ...by, progress: 90 }, other)).toEqual(dead);
    expect(await own.say(attempts.ready, by, other)).toEqual(dead);
    expect(await own.say(attempts.risking, { ...by, stage: 'DELIVERY' }, other)).toEqual(dead);
    expect(await own.say(attempts.completed, { ...by, output: outputOf(ids) }, other)).toEqual(dead);
    expect(await own.say(attempts.failed, { ...by, failure: FAILURE }, other)).toEqual(dead);
    // What stands in the body is not whose word it is.
    const lie = { ...by, output: outputOf(ids), family: 'painters' };
    expect(await own.say(attempts.completed, lie, other)).toEqual(dead);
    await own.say(attempts.release, by, other);
    expect(await own.sql('SELECT * FROM attempts WHERE id = $1', [ids.attemptId])).toEqual(before);
    await reports.cancel(ids);
    await own.say(attempts.late, { ...by, vendorCostMicroUsd: 1 }, other);
    expect((await reports.attempt(ids)).status).toBe('ABANDONED');
    expect(own.standIns.saw(billing.raise)).toEqual([]);
  });
});

it('an attempt is completed by a file of its own only: that of another is refused, and the attempt goes on', async () => {
  const [ids, foreign] = [await reports.running(), await reports.running()];
  const mixed = { ...outputOf(ids), key: `${ids.id}/${foreign.attemptId}/film.mp4` };
  for (const output of [outputOf(foreign), mixed]) {
    await expect(reports.completed(ids, 'one', output)).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  }
  const outside = { ...outputOf(ids), key: `${ids.id}/${ids.attemptId}/../${foreign.attemptId}/film.mp4` };
  await expect(reports.completed(ids, 'one', outside)).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  expect(await reports.get(ids)).toMatchObject({ status: 'PROCESSING', assetKey: null });
  expect(await reports.completed(ids)).toEqual({ live: true });
  expect(await reports.get(ids)).toMatchObject({ status: 'COMPLETED', assetKey: outputOf(ids).key });
});

it('an attempt is completed by what its generation asked for only: another kind of file is refused, and charged to nobody', async () => {
  const ids = await reports.running();
  for (const contentType of ['image/png', 'audio/mpeg', 'text/html']) {
    const refused = reports.completed(ids, 'one', { ...outputOf(ids), contentType });
    await expect(refused).rejects.toMatchObject({ code: 'INVALID_INPUT', body: { field: 'output.contentType' } });
  }
  expect(await reports.get(ids)).toMatchObject({ status: 'PROCESSING', assetKey: null });
  expect((await reports.attempt(ids)).status).toBe('SUBMITTED');
  expect(await reports.failed(ids)).toEqual({ live: true });
  expect((await reports.get(ids)).status).toBe('FAILED');
});
