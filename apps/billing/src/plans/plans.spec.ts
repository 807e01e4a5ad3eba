import { createHash } from 'node:crypto';
import { admin, billing } from '@doitong/contracts';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startBilling, type TestBilling } from '../__fixtures__/start-billing.js';

const ENTERPRISE = { requestsPerMinute: 600, concurrent: 100, perDay: null };

let service: TestBilling;
beforeAll(async () => {
  service = await startBilling();
});
afterAll(() => service.stop());

async function create(plan: 'FREE' | 'ENTERPRISE') {
  const { accountId, testKey } = await service.ask(admin.accountCreate, { name: 'Test', plan, credits: 0 });
  const keyHash = createHash('sha256').update(testKey).digest('hex');
  return { accountId, principal: () => service.ask(billing.authenticate, { keyHash }) };
}

it('a change of plan brings the limits of that plan, for every key', async () => {
  const { accountId, principal } = await create('FREE');
  const limits = { requestsPerMinute: 60, concurrent: 10, perDay: 10_000 };
  expect(await service.ask(admin.accountSetPlan, { accountId, plan: 'PRO' })).toEqual({ limits });
  expect(await principal()).toMatchObject({ plan: 'PRO', limits });
});

it('an ENTERPRISE account has what limits are set on it, and the rest of its plan', async () => {
  const { accountId, principal } = await create('ENTERPRISE');
  const set = (changes: object) => service.ask(admin.accountSetLimits, { accountId, ...changes });
  const own = { requestsPerMinute: 6_000, concurrent: 250, perDay: 7 };
  expect(await set(own)).toEqual({ limits: own });
  expect((await principal()).limits).toEqual(own);
  expect(await set({ concurrent: 0 })).toEqual({ limits: { ...ENTERPRISE, concurrent: 0 } });
  expect(await set({})).toEqual({ limits: ENTERPRISE });
});

it('limits of its own end with the plan', async () => {
  const { accountId, principal } = await create('ENTERPRISE');
  await service.ask(admin.accountSetLimits, { accountId, requestsPerMinute: 6_000 });
  await service.ask(admin.accountSetPlan, { accountId, plan: 'STARTER' });
  expect((await principal()).limits).toEqual({ requestsPerMinute: 30, concurrent: 3, perDay: 1_000 });
  await service.ask(admin.accountSetPlan, { accountId, plan: 'ENTERPRISE' });
  expect((await principal()).limits).toEqual(ENTERPRISE);
});

it('an account of another plan can have none of its own, and an unknown one neither', async () => {
  const { accountId, principal } = await create('FREE');
  const set = (id: string) => service.ask(admin.accountSetLimits, { accountId: id, concurrent: 5 });
  await expect(set(accountId)).rejects.toMatchObject({ code: 'INVALID_INPUT', body: { field: 'accountId' } });
  expect((await principal()).limits).toEqual({ requestsPerMinute: 10, concurrent: 1, perDay: 100 });
  const unknown = service.ids.next('acc');
  await expect(set(unknown)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  await expect(service.ask(admin.accountSetPlan, { accountId: unknown, plan: 'PRO' })).rejects.toMatchObject({
    code: 'NOT_FOUND',
  });
});

describe('what a cancellation costs', () => {
  const termsOf = (accountId: string) => service.ask(billing.cancelTerms, { accountId });

  it('is all of the price, unless the platform team sets it for the plan, which acts at once and is audited', async () => {
    const [free, enterprise] = [await create('FREE'), await create('ENTERPRISE')];
    expect(await termsOf(free.accountId)).toEqual({ percent: 100, freePerDay: 0 });
    const set = (changes: object) => service.ask(admin.planSetCancelTerms, { plan: 'FREE', ...changes });
    expect(await set({ percent: 50 })).toMatchObject({ plan: 'FREE', cancelTerms: { percent: 50, freePerDay: 0 } });
    await set({ freePerDay: 3 });
    expect(await termsOf(free.accountId)).toEqual({ percent: 50, freePerDay: 3 });
    expect(await termsOf(enterprise.accountId)).toEqual({ percent: 100, freePerDay: 0 });
    const { plans } = await service.ask(admin.planList, {});
    expect(plans.map(({ plan }) => plan)).toEqual(['FREE', 'STARTER', 'PRO', 'ENTERPRISE']);
    expect(plans[0]).toEqual({
      plan: 'FREE',
      limits: { requestsPerMinute: 10, concurrent: 1, perDay: 100 },
      cancelTerms: { percent: 50, freePerDay: 3 },
    });
    const { entries } = await service.ask(admin.billingAudit, { first: 100 });
    expect(entries.filter(({ action }) => action === 'plan.set-cancel-terms')).toMatchObject([
      { target: 'FREE', before: { percent: 50, freePerDay: 0 }, after: { percent: 50, freePerDay: 3 } },
      { target: 'FREE', before: { percent: 100, freePerDay: 0 }, after: { percent: 50, freePerDay: 0 } },
    ]);
    await set({ percent: 100, freePerDay: 0 });
  });

  it('is known for accounts that are not active, and of no account that there is not', async () => {
    const { accountId } = await create('FREE');
    await service.ask(admin.accountSuspend, { accountId });
    expect(await termsOf(accountId)).toEqual({ percent: 100, freePerDay: 0 });
    await expect(termsOf(service.ids.next('acc'))).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

it('a change is told to whoever keeps keys in memory', async () => {
  const { accountId } = await create('ENTERPRISE');
  const heard: string[] = [];
  service.bus.listen(billing.keysChanged, (change) => heard.push(change.accountId));
  await service.bus.connection.flush();
  await service.ask(admin.accountSetLimits, { accountId, concurrent: 5 });
  await service.ask(admin.accountSetPlan, { accountId, plan: 'PRO' });
  await service.bus.connection.flush();
  expect(heard).toEqual([accountId, accountId]);
});
