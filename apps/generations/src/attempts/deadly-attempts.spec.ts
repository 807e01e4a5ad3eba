import { type BeginReply, billing, webhooks } from '@doitong/contracts';
import { Metrics } from '@doitong/service-kit';
import { waitFor } from '@doitong/support';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { aFamily, aProvider, aRequest } from '../__fixtures__/manifests.js';
import { type Ids, reportsTo, TASK } from '../__fixtures__/reports.js';
import { startGenerations, type TestGenerations } from '../__fixtures__/start-generations.js';
import { AttemptsRepository } from './attempts.repository.js';

let own: TestGenerations;
let reports: ReturnType<typeof reportsTo>;

beforeAll(async () => {
  own = await startGenerations();
  reports = reportsTo(own);
});
afterAll(() => own.stop());
beforeEach(async () => {
  await own.clear();
  own.standIns.reset();
  own.standIns.answer(webhooks.enqueue, () => ({}));
});

const sweep = () => own.service.app.get(AttemptsRepository).withoutLease(100);
const deaths = async (ids: Ids) => (await reports.attempt(ids)).deaths;
const told = (reply: BeginReply) => ('deaths' in reply ? reply.deaths : undefined);

/** Its worker dies, as whoever takes the attempt over finds it. */
async function dies(ids: Ids, found: 'by the next worker' | 'by a sweep' = 'by the next worker'): Promise<void> {
  await reports.expireLease(ids);
  if (found === 'by a sweep') await sweep();
}

/** The worker of this name takes it over, and dies as it stores the output. */
async function diesStoring(ids: Ids, workerId: string): Promise<BeginReply> {
  const reply = await reports.begin(ids, workerId);
  await reports.risking(ids, 'DELIVERY', workerId);
  await dies(ids);
  return reply;
}

const gaugeOf = () => own.service.app.get(Metrics).registry.getSingleMetricAsString('deadly_attempts_total');

describe('an attempt of which workers die', () => {
  it.each(['by the next worker', 'by a sweep'] as const)(
    'is ended when the third is found dead %s: once, with its hold released, its customer told and the operator too',
    async (found) => {
      const ids = await own.accepted();
      await reports.begin(ids, 'one');
      await reports.submitted(ids, 'one');
      for (const [n, workerId] of ['two', 'three'].entries()) {
        await dies(ids, found);
        expect(await reports.begin(ids, workerId)).toMatchObject({ action: 'resume', task: TASK, deaths: n + 1 });
        expect(await reports.risking(ids, 'DELIVERY', workerId)).toEqual({ live: true });
      }
      await dies(ids, found);
      const replies = await Promise.all(['four', 'five', 'six'].map((workerId) => reports.begin(ids, workerId)));
      expect(replies.filter(({ action }) => action === 'resume' || action === 'submit')).toEqual([]);
      expect(await reports.begin(ids, 'seven')).toEqual({ action: 'drop' });
      expect(await reports.get(ids)).toMatchObject({
        status: 'FAILED',
        error: { code: 'GENERATION_FAILED', retryable: true, billed: false, stage: 'DELIVERY' },
      });
      expect(await reports.attempt(ids)).toMatchObject({ status: 'FAILED', failure: { kind: 'failed' }, deaths: 3 });
      const settled = () => [...own.standIns.told(billing.settle)];
      await waitFor(() =>
        expect(settled()).toEqual([expect.objectContaining({ generationId: ids.id, outcome: 'RELEASE' })]),
      );
      await waitFor(() =>
        expect([...own.standIns.told(webhooks.enqueue)]).toContainEqual(
          expect.objectContaining({ type: 'generation.failed' }),
        ),
      );
      expect(await gaugeOf()).toMatch(/deadly_attempts_total\{family="painters",.*\} [1-9]/);
    },
  );

  it('is ended also when nobody told what they were at and nothing of its submit is known', async () => {
    const ids = await own.accepted();
    await reports.begin(ids, 'one');
    await dies(ids);
    for (const workerId of ['two', 'three']) {
      expect(await reports.begin(ids, workerId)).toMatchObject({ action: 'reconcile' });
      await reports.risking(ids, 'SUBMISSION', workerId);
      await dies(ids);
    }
    expect(await reports.begin(ids, 'four')).toEqual({ action: 'drop' });
    expect((await reports.get(ids)).error).toMatchObject({ code: 'GENERATION_FAILED', stage: 'SUBMISSION' });
  });

  it('moves to no other model, whose workers might die of it too', async () => {
    const other = 'sculptors';
    await own.announce(aFamily(other, aProvider('chisel')), 'worker-of-another-family');
    const ids = await own.accepted({ input: aRequest({ provider: undefined }) });
    await reports.begin(ids, 'one');
    await dies(ids);
    await diesStoring(ids, 'two');
    await diesStoring(ids, 'three');
    await reports.begin(ids, 'four');
    expect((await reports.get(ids)).status).toBe('FAILED');
    expect(await own.count('attempts')).toBe(1);
  });

  it('is ended, and looked at no more, when its generation has ended before', async () => {
    const ids = await reports.running('one');
    await reports.cancel(ids);
    await reports.release(ids, 'one');
    for (const workerId of ['two', 'three', 'four']) {
      expect(await reports.begin(ids, workerId)).toMatchObject({ action: 'resume', late: true });
      await reports.risking(ids, 'PROCESSING', workerId);
      await dies(ids);
    }
    expect(await reports.begin(ids, 'five')).toEqual({ action: 'drop' });
    expect((await reports.attempt(ids)).status).toBe('FAILED');
    expect((await reports.get(ids)).status).toBe('CANCELLED');
  });
});

describe('an attempt is not blamed', () => {
  it('for deaths while it only waited for its vendor, however many: the first alone is held against it', async () => {
    const ids = await reports.running('one');
    for (const workerId of ['two', 'three', 'four', 'five']) {
      await dies(ids, 'by a sweep');
      expect(await reports.begin(ids, workerId)).toMatchObject({ action: 'resume', deaths: 1 });
      await reports.risking(ids, 'PROCESSING', workerId);
      await reports.risking(ids, undefined, workerId);
    }
    await reports.completed(ids, 'five');
    expect((await reports.get(ids)).status).toBe('COMPLETED');
  });

  it('for a death after its submit, of which its worker told that it was to come', async () => {
    const ids = await own.accepted();
    await reports.begin(ids, 'one');
    await dies(ids);
    await reports.begin(ids, 'two');
    await reports.risking(ids, 'SUBMISSION', 'two');
    await reports.submitted(ids, 'two');
    await dies(ids);
    expect(told(await reports.begin(ids, 'three'))).toBe(1);
  });

  it('where its worker gave it back', async () => {
    const ids = await reports.running('one');
    await dies(ids);
    await reports.begin(ids, 'two');
    await reports.risking(ids, 'DELIVERY', 'two');
    await reports.release(ids, 'two');
    await dies(ids);
    expect(told(await reports.begin(ids, 'three'))).toBe(1);
  });

  it('where its worker, taken for dead, is heard of again', async () => {
    const ids = await reports.running('one');
    await dies(ids, 'by a sweep');
    expect(await deaths(ids)).toBe(1);
    expect(told(await reports.begin(ids, 'two'))).toBe(1);
    await reports.release(ids, 'one');
    expect(await deaths(ids)).toBe(0);
    expect(await reports.attempt(ids)).toMatchObject({ worker_id: 'two', status: 'SUBMITTED' });
    await reports.release(ids, 'one');
    expect(await deaths(ids)).toBe(0);
    await dies(ids);
    expect(told(await reports.begin(ids, 'three'))).toBe(1);
  });

  it('where its worker itself goes on after its lease had expired', async () => {
    const ids = await reports.running('one');
    await dies(ids);
    expect(told(await reports.begin(ids, 'one'))).toBeUndefined();
  });

  it('for what a worker tells that has lost it', async () => {
    const ids = await reports.running('one');
    await dies(ids);
    await reports.begin(ids, 'two');
    expect(await reports.risking(ids, 'DELIVERY', 'one')).toEqual({ live: false });
    await dies(ids);
    expect(told(await reports.begin(ids, 'three'))).toBe(1);
  });

  it('for a late look, whose lease just ends', async () => {
    const ids = await reports.running('one');
    await reports.cancel(ids);
    for (const workerId of ['two', 'three']) {
      await dies(ids, 'by a sweep');
      expect(told(await reports.begin(ids, workerId))).toBeUndefined();
    }
  });
});
