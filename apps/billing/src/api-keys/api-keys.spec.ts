import { billing, plans } from '@doitong/contracts';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { startBilling, type TestBilling } from '../__fixtures__/start-billing.js';

let service: TestBilling;
beforeAll(async () => {
  service = await startBilling();
});
afterAll(() => service.stop());

const create = (plan: (typeof plans)[number]) => service.create(plan);
const authenticate = (secret: string) => service.authenticate(secret);

it('a new account has one test and one live key, which tell who it is, its mode and its limits', async () => {
  const { accountId, testKey, liveKey } = await create('STARTER');
  expect(testKey).toMatch(/^dt_test_[A-Za-z0-9_-]{32}$/);
  expect(liveKey).toMatch(/^dt_live_[A-Za-z0-9_-]{32}$/);
  const principal = {
    accountId,
    keyId: expect.stringMatching(/^key_/),
    plan: 'STARTER',
    scopes: ['generate', 'read', 'webhooks', 'billing'],
    keyExpiresAt: null,
    limits: { requestsPerMinute: 30, concurrent: 3, perDay: 1_000 },
  };
  expect(await authenticate(testKey)).toEqual({ ...principal, mode: 'test' });
  expect(await authenticate(liveKey)).toEqual({ ...principal, mode: 'live' });
});

it('each plan has its published limits, and an account may have its own', async () => {
  const limits = [];
  for (const plan of plans) {
    const { accountId, testKey } = await create(plan);
    if (plan === 'ENTERPRISE') {
      await service.sql('UPDATE accounts SET requests_per_minute = 6000, concurrent = 250 WHERE id = $1', [accountId]);
    }
    limits.push((await authenticate(testKey)).limits);
  }
  expect(limits).toEqual([
    { requestsPerMinute: 10, concurrent: 1, perDay: 100 },
    { requestsPerMinute: 30, concurrent: 3, perDay: 1_000 },
    { requestsPerMinute: 60, concurrent: 10, perDay: 10_000 },
    { requestsPerMinute: 6_000, concurrent: 250, perDay: null },
  ]);
});

it('an unknown or revoked key is not let in, nor one whose account is suspended', async () => {
  const { accountId, testKey, liveKey } = await create('PRO');
  await expect(authenticate('dt_test_unknown')).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  await service.sql(`UPDATE api_keys SET revoked_at = now() WHERE account_id = $1 AND mode = 'test'`, [accountId]);
  await expect(authenticate(testKey)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  await service.sql(`UPDATE accounts SET status = 'SUSPENDED' WHERE id = $1`, [accountId]);
  await expect(authenticate(liveKey)).rejects.toMatchObject({ code: 'FORBIDDEN' });
});

it('nothing that is stored holds a secret', async () => {
  const { accountId, testKey, liveKey } = await create('FREE');
  const [dump] = await service.sql<{ rows: string }>(
    `SELECT json_agg(to_json(api_keys))::text AS rows FROM api_keys WHERE account_id = $1`,
    [accountId],
  );
  expect(dump?.rows).toContain(testKey.slice(0, 12));
  for (const key of [testKey, liveKey]) expect(dump?.rows).not.toContain(key.slice(8, -4));
});

it('a new account is told to whoever keeps keys in memory', async () => {
  const heard = new Promise<string>((resolve) => {
    service.bus.listen(billing.keysChanged, ({ accountId }) => resolve(accountId));
  });
  await service.bus.connection.flush();
  const { accountId } = await create('FREE');
  expect(await heard).toBe(accountId);
});
