import { admin, attempts, billing, type CancelTerms } from '@doitong/contracts';
import type { RunningService } from '@doitong/service-kit';
import { waitFor } from '@doitong/support';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { aRequest } from '../__fixtures__/manifests.js';
import { type Ids, reportsTo } from '../__fixtures__/reports.js';
import { startGenerations, type TestGenerations } from '../__fixtures__/start-generations.js';

let own: TestGenerations;
let second: RunningService;
let reports: ReturnType<typeof reportsTo>;

// Two replicas, which share the requests between them.
beforeAll(async () => {
  own = await startGenerations();
  second = await own.startReplica();
  reports = reportsTo(own);
  // Refused, so that what was written to the outbox can be read.
  own.standIns.refuse(billing.settle, 'INTERNAL', 'away');
});
afterAll(() => own.stop());
beforeEach(async () => {
  await own.clear();
  terms({ percent: 100, freePerDay: 0 });
});

const terms = (of: CancelTerms) => own.standIns.answer(billing.cancelTerms, () => of);
async function begun(): Promise<Ids> {
  const ids = await own.accepted();
  await reports.begin(ids);
  return ids;
}
const cancelled = async (ids: Ids) => {
  await reports.cancel(ids);
  return (await reports.get(ids)).creditCost;
};
const settlementOf = async ({ id }: Ids) =>
  (
    await own.sql<{ item: { outcome: string; credits: number } }>(
      `SELECT item FROM outbox WHERE subject = 'billing.settle' AND item ->> 'generationId' = $1`,
      [id],
    )
  ).map(({ item: { outcome, credits } }) => ({ outcome, credits }));

it('a cancellation before anybody began costs nothing, whatever the terms', async () => {
  const ids = await own.accepted();
  expect(await cancelled(ids)).toBe(0);
  expect(await settlementOf(ids)).toEqual([{ outcome: 'RELEASE', credits: 0 }]);
});

it.each([
  [100, 10, 'CAPTURE'],
  [45, 5, 'CAPTURE'],
  [0, 0, 'RELEASE'],
])('one after that costs %d percent of the price, rounded up', async (percent, credits, outcome) => {
  terms({ percent, freePerDay: 0 });
  const ids = await begun();
  expect(await cancelled(ids)).toBe(credits);
  expect(await settlementOf(ids)).toEqual([{ outcome, credits }]);
});

it('eight videos that are cancelled as soon as the vendor has them are paid for, eight times', async () => {
  const all = await Promise.all(Array.from({ length: 8 }, () => reports.running()));
  await Promise.all(all.map((ids) => reports.cancel(ids)));
  const settled = await Promise.all(all.map(settlementOf));
  expect(settled.flat()).toEqual(Array(8).fill({ outcome: 'CAPTURE', credits: 10 }));
});

it('so many a day are free, and no more, though all come at once and to different replicas', async () => {
  terms({ percent: 100, freePerDay: 3 });
  const all = await Promise.all(Array.from({ length: 12 }, begun));
  const queued = await Promise.all(Array.from({ length: 4 }, () => own.accepted()));
  await Promise.all([...queued, ...all].map((ids) => reports.cancel(ids)));
  const costs = await Promise.all(all.map(async (ids) => (await reports.get(ids)).creditCost));
  expect(costs.filter((credits) => credits === 0)).toHaveLength(3);
  expect(costs.filter((credits) => credits === 10)).toHaveLength(9);
  // Those of yesterday do not count.
  await own.sql(`UPDATE generations SET completed_at = completed_at - interval '1 day' WHERE status = 'CANCELLED'`);
  expect(await cancelled(await begun())).toBe(0);
});

it('whether a vendor may have been asked is decided once: charged if a worker was told to submit, and only then', async () => {
  const all = await Promise.all(Array.from({ length: 20 }, () => own.accepted()));
  const outcomes = await Promise.all(all.map((ids) => Promise.all([reports.begin(ids), reports.cancel(ids)])));
  for (const [n, [{ action }]] of outcomes.entries()) {
    const charged = action === 'submit' ? 10 : 0;
    expect([action, (await reports.get(all[n]!)).creditCost]).toEqual([expect.stringMatching('submit|drop'), charged]);
  }
  expect(second).toBeDefined();
});

describe('while its files are read', () => {
  const withImage = async () => {
    const input = aRequest({
      provider: 'brush',
      input: { text: 'a red kite', image: 'https://files.example.com/a.png' },
    });
    const ids = await own.accepted({ input });
    expect(await reports.begin(ids)).toMatchObject({ action: 'submit' });
    return ids;
  };
  const ready = ({ attemptId }: Ids) => own.say(attempts.ready, { attemptId, workerId: 'one' });

  it('a cancellation costs nothing, and from then on nobody asks the vendor', async () => {
    const ids = await withImage();
    expect(await cancelled(ids)).toBe(0);
    expect(await ready(ids)).toEqual({ live: false });
    expect(await reports.attempt(ids)).toMatchObject({ status: 'FAILED', vendor_cost_micro_usd: 0 });
  });

  it('has no worker begin anew after it; its worker is told to stop', async () => {
    const hints: unknown[] = [];
    const listening = own.bus.listen(attempts.hint('painters'), (hint) => void hints.push(hint));
    await own.connection.flush();
    const ids = await withImage();
    await reports.cancel(ids);
    await waitFor(() => expect(hints).toEqual([{ attemptId: ids.attemptId, what: 'cancel' }]));
    listening.unsubscribe();
    await reports.expireLease(ids);
    expect(await reports.begin(ids, 'two')).toEqual({ action: 'drop' });
  });

  it('once they are, it is charged', async () => {
    const ids = await withImage();
    expect(await ready(ids)).toEqual({ live: true });
    expect(await ready(ids)).toEqual({ live: true });
    expect(await cancelled(ids)).toBe(10);
  });

  it('either the cancellation is free or the vendor may be asked, whichever comes first', async () => {
    const all = await Promise.all(Array.from({ length: 20 }, withImage));
    const outcomes = await Promise.all(all.map((ids) => Promise.all([ready(ids), reports.cancel(ids)])));
    for (const [n, [{ live }]] of outcomes.entries()) {
      expect([live, (await reports.get(all[n]!)).creditCost]).toEqual([live, live ? 10 : 0]);
    }
  });
});

it('of a model that nobody has begun after another one failed costs nothing', async () => {
  const ids = await begun();
  await own.sql(`UPDATE attempts SET status = 'FAILED' WHERE id = $1`, [ids.attemptId]);
  await own.sql(
    `INSERT INTO attempts (id, generation_id, number, family, provider, model, status, lease_expires_at)
     VALUES ($1, $2, 2, 'painters', 'brush', 'brush-1', 'CREATED', now() + interval '1 h')`,
    [own.ids.next('att'), ids.id],
  );
  expect(await cancelled(ids)).toBe(0);
});

it('an operator cancels free of charge', async () => {
  const ids = await begun();
  await own.ask(admin.generationCancel, { id: ids.id });
  expect((await reports.get(ids)).creditCost).toBe(0);
  expect(await settlementOf(ids)).toEqual([{ outcome: 'RELEASE', credits: 0 }]);
});

it('what has ended is not cancelled, and billing is not asked for terms', async () => {
  const ids = await reports.running();
  await reports.completed(ids);
  const before = own.standIns.saw(billing.cancelTerms).length;
  expect(await reports.cancel(ids)).toEqual({ cancelled: false });
  expect(own.standIns.saw(billing.cancelTerms)).toHaveLength(before);
  expect((await reports.get(ids)).creditCost).toBe(10);
});

it('while the terms cannot be had, nothing is cancelled and the caller may ask again', async () => {
  const ids = await begun();
  own.standIns.refuse(billing.cancelTerms, 'INTERNAL', 'away');
  await expect(reports.cancel(ids)).rejects.toMatchObject({ code: 'INTERNAL' });
  expect((await reports.get(ids)).status).toBe('PROCESSING');
  terms({ percent: 0, freePerDay: 0 });
  expect(await reports.cancel(ids)).toEqual({ cancelled: true });
});
