import { type RequestOf, rateLimit } from '@doitong/contracts';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { onOneDay, untilMidnightMs } from '../__fixtures__/midnight.js';
import { startRateLimit, type TestRateLimit } from '../__fixtures__/start-rate-limit.js';

let service: TestRateLimit;
beforeAll(async () => {
  service = await startRateLimit();
});
afterAll(() => service.stop());

const newAccount = () => service.ids.next('acc');
const usage = (accountId: string) => service.ask(rateLimit.usage, { accountId });
const check = (key: string, changes: Partial<RequestOf<typeof rateLimit.check>> = {}) =>
  service.ask(rateLimit.check, { key, window: 'generate', cost: 1, limit: 10, ...changes });
const admit = (accountId: string) => {
  const generationId = service.ids.next('gen');
  return service
    .ask(rateLimit.admit, { generationId, accountId, concurrent: 5, perDay: 100 })
    .then(() => ({ generationId, refundQuota: false }));
};

it(
  'an account that did nothing uses nothing, and its day ends at the next midnight UTC',
  onOneDay(async () => {
    const midnight = new Date(Date.now() + untilMidnightMs()).toISOString();
    const { resetsAt, ...used } = await usage(newAccount());
    expect(used).toEqual({ requestsThisMinute: 0, concurrent: 0, generationsToday: 0 });
    expect(midnight).toMatch(/T00:00:00\.000Z$/);
    expect(resetsAt).toBe(midnight);
  }),
);

it(
  'it counts generating requests, slots and the quota of today, and nothing that was refused',
  onOneDay(async () => {
    const accountId = newAccount();
    await check(accountId, { cost: 3 });
    await check(accountId, { cost: 8 });
    await check(accountId, { window: 'read' });
    const [first] = [await admit(accountId), await admit(accountId), await admit(accountId)];
    await service.ask(rateLimit.free, { items: [first] });
    expect(await usage(accountId)).toMatchObject({ requestsThisMinute: 3, concurrent: 2, generationsToday: 3 });
  }),
);

it(
  'a new day begins with nothing used of its quota; slots and the minute go on',
  onOneDay(async () => {
    const accountId = newAccount();
    await check(accountId);
    await admit(accountId);
    await service.sql('UPDATE account_usage SET day = day - 1 WHERE account_id = $1', [accountId]);
    expect(await usage(accountId)).toMatchObject({ requestsThisMinute: 1, concurrent: 1, generationsToday: 0 });
  }),
);
