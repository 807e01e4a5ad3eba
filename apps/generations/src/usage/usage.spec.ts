import { admin, attempts, billing, generations, type UsageBy, type UsageRow } from '@doitong/contracts';
import { waitFor } from '@doitong/support';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { aFamily, aModel, aProvider, aRequest } from '../__fixtures__/manifests.js';
import { FAILURE, type Ids, reportsTo } from '../__fixtures__/reports.js';
import { startGenerations, type TestGenerations } from '../__fixtures__/start-generations.js';

const HOUR_MS = 3_600_000;

let own: TestGenerations;
let reports: ReturnType<typeof reportsTo>;

beforeAll(async () => {
  own = await startGenerations();
  reports = reportsTo(own);
  await own.announce(
    aFamily('sketchers', aProvider('pencil', { models: [aModel('pencil-1', { price: { base: 20 } })] })),
    'sketcher',
  );
});
afterAll(() => own.stop());
beforeEach(async () => {
  await own.clear();
  own.standIns.reset();
});

const around = { from: new Date(Date.now() - HOUR_MS).toISOString(), to: new Date(Date.now() + HOUR_MS).toISOString() };
const report = async (by: UsageBy, period: object = around) =>
  (await own.ask(admin.usageReport, { ...around, ...period, by })).rows;
const spending = async (by: 'model' | 'day', period: object = around, accountId = own.accountId) =>
  (await own.ask(generations.spending, { ...around, ...period, accountId, by })).rows;
const nothing = {
  completed: 0,
  failed: 0,
  cancelled: 0,
  running: 0,
  capturedCredits: 0,
  vendorCostMicroUsd: 0,
  attemptsOfUnknownCost: 0,
};
const total = (rows: UsageRow[]) =>
  rows.reduce(
    (sum, row) =>
      Object.fromEntries(
        Object.entries(sum).map(([name, value]) => [name, value + row[name as keyof typeof sum]]),
      ) as typeof nothing,
    nothing,
  );
const costOf = async ({ id }: Ids) =>
  (await own.ask(admin.generationShow, { id })).attempts.map(({ vendorCostMicroUsd }) => vendorCostMicroUsd);

const begun = async (
  changes: { accountId?: string; mode?: 'live' | 'test'; input?: ReturnType<typeof aRequest> } = {},
) => {
  const ids = await own.accepted({ mode: 'live', ...changes });
  await reports.begin(ids);
  return ids;
};
/** Our own choice, `brush` for its price: it can move to `pencil`. */
const freely = () => begun({ input: aRequest({ priority: 'COST' }) });
const failsFor = ({ attemptId }: Ids, vendorCostMicroUsd?: number) =>
  own.say(attempts.failed, { attemptId, workerId: 'one', failure: FAILURE, vendorCostMicroUsd });
async function latest({ id }: Ids): Promise<Ids> {
  const [row] = await own.sql<{ id: string }>(
    'SELECT id FROM attempts WHERE generation_id = $1 ORDER BY number DESC LIMIT 1',
    [id],
  );
  return { id, attemptId: row!.id };
}

describe('what a vendor charges', () => {
  it('is recorded for an attempt that it made, in time or late', async () => {
    const [made, late] = [await begun(), await begun()];
    await reports.completed(made);
    await reports.submitted(late);
    await reports.cancel(late);
    await reports.late(late);
    expect([await costOf(made), await costOf(late)]).toEqual([[70_000], [70_000]]);
  });

  it('is recorded for one that failed, where it is known; 0 is known, and null is not', async () => {
    const [charged, free, unknown] = [await begun(), await begun(), await begun()];
    await failsFor(charged, 30_000);
    await failsFor(charged, 99_000);
    await failsFor(free, 0);
    await failsFor(unknown);
    expect([await costOf(charged), await costOf(free), await costOf(unknown)]).toEqual([[30_000], [0], [null]]);
    expect(await report('model')).toMatchObject([{ failed: 3, vendorCostMicroUsd: 30_000, attemptsOfUnknownCost: 1 }]);
  });

  it('is a cost of the model that it charged for, where the generation moved to another', async () => {
    const ids = await freely();
    await failsFor(ids, 30_000);
    const next = await latest(ids);
    await reports.begin(next);
    await reports.completed(next);
    expect(await costOf(ids)).toEqual([30_000, 70_000]);
    expect(await report('model')).toEqual([
      { ...nothing, provider: 'brush', model: 'brush-1', vendorCostMicroUsd: 30_000 },
      {
        ...nothing,
        provider: 'pencil',
        model: 'pencil-1',
        completed: 1,
        capturedCredits: 20,
        vendorCostMicroUsd: 70_000,
      },
    ]);
    expect(await report('account')).toMatchObject([{ completed: 1, capturedCredits: 20, vendorCostMicroUsd: 100_000 }]);
  });
});

it('a cancellation that cost something is in the report, and in what the account spent', async () => {
  const ids = await begun();
  await reports.cancel(ids);
  expect(await report('model')).toMatchObject([{ completed: 0, cancelled: 1, capturedCredits: 10 }]);
  expect(await spending('model')).toMatchObject([{ generations: 1, credits: 10 }]);
});

describe('the usage report', () => {
  const captured = () => [...own.standIns.told(billing.settle)].filter(({ outcome }) => outcome === 'CAPTURE');

  it('adds up, however it is parted, to what billing captured', async () => {
    const other = own.ids.next('acc');
    const all = await Promise.all([
      begun(),
      begun({ accountId: other }),
      freely(),
      begun({ mode: 'test' }),
      begun(),
      begun(),
    ]);
    for (const ids of all.slice(0, 4)) await reports.completed(ids);
    await failsFor(all[4]!);
    await own.accepted();
    await own.ask(admin.generationCancel, { id: all[5]!.id });
    await waitFor(() => expect(captured()).toHaveLength(4));
    const credits = captured().reduce((sum, item) => sum + item.credits, 0);
    for (const by of ['model', 'account', 'day'] as const) {
      expect([by, total(await report(by))]).toEqual([
        by,
        {
          completed: 4,
          failed: 1,
          cancelled: 1,
          running: 1,
          capturedCredits: credits,
          // The sandbox charges nothing; of the one that failed and the one that is cancelled it is not known.
          vendorCostMicroUsd: 3 * 70_000,
          attemptsOfUnknownCost: 2,
        },
      ]);
    }
    expect(await report('account')).toContainEqual(expect.objectContaining({ accountId: other, completed: 1 }));
    expect(total(await report('day', { mode: 'test' }))).toMatchObject({
      completed: 1,
      running: 1,
      vendorCostMicroUsd: 0,
    });
    expect(total(await report('day', { mode: 'live' }))).toMatchObject({ completed: 3, running: 0 });
    expect((await spending('model')).reduce((sum, row) => sum + row.credits, 0)).toBe(credits - 10);
  });
});

/** Completed ones of the past, accepted at these instants, for 10 credits each. */
async function completedAt(instants: string[], accountOf = (_at: number) => own.accountId): Promise<void> {
  const idOf = (instant: string, at: number) =>
    `gen_${Date.parse(instant).toString(16).padStart(12, '0')}${String(at).padStart(20, '0')}`;
  await own.sql(
    `INSERT INTO generations (id, account_id, mode, type, status, provider, model, input, options, credits, expected_seconds,
       deadline_at, routing, request_id, output, asked, created_at)
     SELECT id, account, 'live', 'IMAGE', 'COMPLETED', 'p', 'm', '{}', '{}', 10, 1, now(), '{}', 'r', '{}', '{}', at
     FROM unnest($1::text[], $2::text[], $3::timestamptz[]) AS made (id, account, at)`,
    [instants.map(idOf), instants.map((_, at) => accountOf(at)), instants],
  );
}

describe('a period', () => {
  it('counts what was accepted from its first instant on and before its last, by days of UTC', async () => {
    await completedAt([
      '2025-01-30T23:59:59.999Z',
      '2025-01-31T00:00:00.000Z',
      '2025-01-31T23:59:59.999Z',
      '2025-02-01T00:00:00.000Z',
      '2025-02-01T12:00:00.000Z',
    ]);
    const period = { from: '2025-01-31T00:00:00.000Z', to: '2025-02-01T13:00:00.000+01:00' };
    const days = [
      ['2025-01-31', 2],
      ['2025-02-01', 1],
    ];
    expect((await report('day', period)).map(({ day, completed }) => [day, completed])).toEqual(days);
    expect(await spending('day', period)).toEqual(
      days.map(([day, many]) => ({ day, generations: many, credits: Number(many) * 10 })),
    );
    expect(await spending('model', period)).toEqual([{ provider: 'p', model: 'm', generations: 3, credits: 30 }]);
    expect(await spending('model', period, own.ids.next('acc'))).toEqual([]);
  });

  it('that ends before it begins, or is too long for an account holder, is refused', async () => {
    const backwards = { from: around.to, to: around.from };
    await expect(report('day', backwards)).rejects.toMatchObject({ body: { field: 'to' } });
    await expect(spending('day', backwards)).rejects.toMatchObject({ body: { field: 'to' } });
    const long = { from: '2025-01-01T00:00:00.000Z', to: '2025-04-04T00:00:00.000Z' };
    await expect(spending('day', long)).rejects.toMatchObject({ body: { field: 'to' } });
    expect(await report('day', long)).toEqual([]);
  });

  it('of more rows than a reply carries is read page by page, each row once', async () => {
    const accounts = Array.from({ length: 1_001 }, () => own.ids.next('acc')).sort();
    await completedAt(
      accounts.map(() => '2025-03-01T00:00:00.000Z'),
      (at) => accounts[at]!,
    );
    const period = { from: '2025-03-01T00:00:00.000Z', to: '2025-03-02T00:00:00.000Z', by: 'account' as const };
    const first = await own.ask(admin.usageReport, period);
    expect(first.next).toEqual([accounts[999]]);
    const second = await own.ask(admin.usageReport, { ...period, after: first.next! });
    expect([...first.rows, ...second.rows].map(({ accountId }) => accountId)).toEqual(accounts);
    expect(second.next).toBeNull();
  });
});
