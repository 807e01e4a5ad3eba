import { admin, billing } from '@doitong/contracts';
import { withContext } from '@doitong/service-kit';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { startBilling, type TestBilling } from '../__fixtures__/start-billing.js';

let service: TestBilling;
beforeAll(async () => {
  service = await startBilling();
});
afterAll(() => service.stop());

const auditOf = async (accountId: string) => (await service.ask(admin.billingAudit, { accountId, first: 100 })).entries;

it('no key of a suspended account is let in, until it is resumed', async () => {
  const { accountId, testKey } = await service.create();
  expect(await service.ask(admin.accountSuspend, { accountId })).toMatchObject({ id: accountId, status: 'SUSPENDED' });
  await expect(service.authenticate(testKey)).rejects.toMatchObject({ code: 'FORBIDDEN' });
  await expect(service.ask(billing.limits, { accountId })).rejects.toMatchObject({ code: 'FORBIDDEN' });
  expect(await service.ask(admin.accountResume, { accountId })).toMatchObject({ status: 'ACTIVE' });
  expect((await service.authenticate(testKey)).accountId).toBe(accountId);
});

it('a closed account has no key any more and never comes back; what it has held is still settled', async () => {
  const accountId = await service.account(100);
  const generationId = service.ids.next('gen');
  await service.ask(billing.hold, { generationId, accountId, credits: 40 });
  expect(await service.ask(admin.accountClose, { accountId })).toMatchObject({ status: 'CLOSED' });
  const { keys } = await service.ask(admin.key.list, { accountId });
  expect(keys.map(({ revokedAt }) => revokedAt)).toEqual([expect.any(String), expect.any(String)]);
  for (const message of [admin.accountResume, admin.accountSuspend]) {
    await expect(service.ask(message, { accountId })).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  }
  await service.ask(billing.settle, { items: [{ generationId, outcome: 'CAPTURE', credits: 40 }] });
  expect(await service.ask(admin.accountShow, { accountId })).toMatchObject({
    status: 'CLOSED',
    credits: 60,
    held: 0,
  });
});

it('each change of status is told to whoever keeps keys in memory; of accounts that do not exist nothing is', async () => {
  const { accountId } = await service.create();
  const heard: string[] = [];
  service.bus.listen(billing.keysChanged, (change) => heard.push(change.accountId));
  await service.bus.connection.flush();
  const messages = [admin.accountSuspend, admin.accountResume, admin.accountClose];
  for (const message of messages) await service.ask(message, { accountId });
  await service.bus.connection.flush();
  expect(heard).toEqual([accountId, accountId, accountId]);
  for (const message of [...messages, admin.accountShow]) {
    await expect(service.ask(message, { accountId: service.ids.next('acc') })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
  }
  expect(heard).toEqual([accountId, accountId, accountId]);
});

it('every change of an operator writes who, what, before and after; a repeat that changes nothing writes nothing', async () => {
  const { accountId } = await service.create('ENTERPRISE');
  const ask: typeof service.ask = (message, body) =>
    withContext({ requestId: 'r', actor: 'ada' }, () => service.ask(message, body));
  await ask(admin.accountSetLimits, { accountId, concurrent: 5 });
  await ask(admin.accountSetPlan, { accountId, plan: 'FREE' });
  await ask(admin.accountSuspend, { accountId });
  await ask(admin.accountSuspend, { accountId });
  await ask(admin.accountClose, { accountId });
  const [closed, suspended, plan, limits, created] = await auditOf(accountId);
  expect(created).toMatchObject({ actor: 'admin', action: 'account.create', before: null });
  expect(limits).toMatchObject({
    actor: 'ada',
    action: 'account.set-limits',
    before: { concurrent: 100 },
    after: { concurrent: 5 },
  });
  expect(plan).toMatchObject({
    action: 'account.set-plan',
    before: { plan: 'ENTERPRISE', concurrent: 5 },
    after: { plan: 'FREE', concurrent: 1 },
  });
  expect(suspended).toMatchObject({ before: { status: 'ACTIVE' }, after: { status: 'SUSPENDED' } });
  expect(closed).toMatchObject({
    before: { status: 'SUSPENDED' },
    after: { status: 'CLOSED', revokedKeys: [expect.stringMatching(/^key_/), expect.stringMatching(/^key_/)] },
  });
  expect(await auditOf(accountId)).toHaveLength(5);
});

it('a change that fails leaves no audit row, and an audit row can be neither changed nor taken away', async () => {
  const { accountId } = await service.create('FREE');
  await expect(service.ask(admin.accountSetLimits, { accountId, concurrent: 5 })).rejects.toMatchObject({
    code: 'INVALID_INPUT',
  });
  expect(await auditOf(accountId)).toMatchObject([{ action: 'account.create' }]);
  for (const change of ["UPDATE audit SET actor = 'nobody'", 'DELETE FROM audit', 'TRUNCATE audit']) {
    await expect(service.sql(change)).rejects.toThrow('audit rows are only ever added');
  }
});
