import { type RequestOf, rateLimit } from '@doitong/contracts';
import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { awayFromMidnight, SUITE_MS } from '../__fixtures__/midnight.js';
import { startRateLimit, type TestRateLimit } from '../__fixtures__/start-rate-limit.js';

let service: TestRateLimit;
let accountId: string;
beforeAll(async () => {
  await awayFromMidnight();
  service = await startRateLimit();
}, 2 * SUITE_MS);
afterAll(() => service.stop());
beforeEach(() => {
  accountId = service.ids.next('acc');
});

const usage = () => service.ask(rateLimit.usage, { accountId });
const check = (changes: Partial<RequestOf<typeof rateLimit.check>>) =>
  service.ask(rateLimit.check, { key: accountId, window: 'generate', cost: 1, limit: 10, ...changes });
const admit = () => {
  const generationId = service.ids.next('gen');
  return service
    .ask(rateLimit.admit, { generationId, accountId, concurrent: 5, perDay: 100 })
    .then(() => ({ generationId, refundQuota: false }));
};

it('an account that did nothing uses nothing, and its day ends at the next midnight UTC', async () => {
  const { resetsAt, ...used } = await usage();
  expect(used).toEqual({ requestsThisMinute: 0, concurrent: 0, generationsToday: 0 });
  expect(resetsAt).toMatch(/T00:00:00\.000Z$/);
  const leftMs = Date.parse(resetsAt) - Date.now();
  expect(leftMs).toBeGreaterThan(-1_000);
  expect(leftMs).toBeLessThanOrEqual(86_400_000);
});

it('it counts generating requests, slots and the quota of today, and nothing that was refused', async () => {
  await check({ cost: 3 });
  await check({ cost: 8 });
  await check({ window: 'read' });
  const [first] = [await admit(), await admit(), await admit()];
  await service.ask(rateLimit.free, { items: [first] });
  expect(await usage()).toMatchObject({ requestsThisMinute: 3, concurrent: 2, generationsToday: 3 });
});

it('a new day begins with nothing used of its quota; slots and the minute go on', async () => {
  await check({});
  await admit();
  await service.sql('UPDATE account_usage SET day = day - 1 WHERE account_id = $1', [accountId]);
  expect(await usage()).toMatchObject({ requestsThisMinute: 1, concurrent: 1, generationsToday: 0 });
});
