import { randomUUID } from 'node:crypto';
import { type RequestOf, rateLimit } from '@doitong/contracts';
import { waitFor } from '@doitong/support';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { onOneDay } from '../__fixtures__/midnight.js';
import { startRateLimit, type TestRateLimit } from '../__fixtures__/start-rate-limit.js';

let service: TestRateLimit;
beforeAll(async () => {
  service = await startRateLimit({ WINDOW_SWEEP_MS: '100' });
});
afterAll(() => service.stop());

type Check = RequestOf<typeof rateLimit.check>;

const newKey = () => `ip:${randomUUID()}`;
async function check(key: string, cost: number, limit: number, window: Check['window'] = 'generate') {
  const reply = await service.ask(rateLimit.check, { key, window, cost, limit });
  const { allowed, remaining, resetSeconds, retryAfterSeconds } = reply;
  return { allowed, remaining, resetSeconds, retryAfterSeconds };
}

/** Makes `seconds` go by for a key: what was counted becomes so much older. */
const elapse = (key: string, seconds: number) =>
  service.sql('UPDATE windows SET second = second - $2 WHERE key = $1', [key, seconds]);

/** Plays a scenario until no second of the database's clock began meanwhile: after the first time, right when one has begun. */
async function withinOneSecond<T>(scenario: (key: string) => Promise<T>): Promise<T> {
  const clock = 'SELECT floor(extract(epoch FROM clock_timestamp()))::float8 AS second';
  const second = async () => (await service.sql<{ second: number }>(clock))[0]!.second;
  let before = await second();
  for (;;) {
    const result = await scenario(newKey());
    const after = await second();
    if (after === before) return result;
    const next = `SELECT pg_sleep(${after} + 1 - extract(epoch FROM clock_timestamp()))`;
    await service.sql(next);
    before = await second();
  }
}

it('remaining goes down by what is counted, and a refused check counts nothing', async () => {
  const replies = await withinOneSecond(async (key) => [
    await check(key, 1, 10),
    await check(key, 3, 10),
    await check(key, 7, 10),
    await check(key, 6, 10),
    await check(key, 1, 10),
  ]);
  expect(replies).toEqual([
    { allowed: true, remaining: 9, resetSeconds: 61, retryAfterSeconds: 0 },
    { allowed: true, remaining: 6, resetSeconds: 61, retryAfterSeconds: 0 },
    { allowed: false, remaining: 6, resetSeconds: 61, retryAfterSeconds: 61 },
    { allowed: true, remaining: 0, resetSeconds: 61, retryAfterSeconds: 0 },
    { allowed: false, remaining: 0, resetSeconds: 61, retryAfterSeconds: 61 },
  ]);
});

it('a cost of 0 reads and counts nothing; so does a cost that the limit never allows', async () => {
  const key = newKey();
  expect(await check(key, 0, 10)).toEqual({ allowed: true, remaining: 10, resetSeconds: 0, retryAfterSeconds: 0 });
  expect(await check(key, 11, 10)).toEqual({ allowed: false, remaining: 10, resetSeconds: 0, retryAfterSeconds: 61 });
  expect(await check(key, 1, 0)).toMatchObject({ allowed: false, remaining: 0 });
  await check(key, 4, 10);
  expect(await check(key, 0, 10)).toMatchObject({ allowed: true, remaining: 6 });
  expect(await check(key, 0, 3)).toMatchObject({ remaining: 0 });
});

it('what was counted 60 s ago still counts, and is free a second later', async () => {
  const replies = await withinOneSecond(async (key) => {
    await check(key, 4, 10);
    await elapse(key, 30);
    await check(key, 6, 10);
    await elapse(key, 30);
    const refused = await check(key, 1, 10);
    const refusedForLonger = await check(key, 5, 10);
    await elapse(key, 1);
    return [refused, refusedForLonger, await check(key, 5, 10), await check(key, 4, 10)];
  });
  expect(replies).toEqual([
    { allowed: false, remaining: 0, resetSeconds: 31, retryAfterSeconds: 1 },
    { allowed: false, remaining: 0, resetSeconds: 31, retryAfterSeconds: 31 },
    { allowed: false, remaining: 4, resetSeconds: 30, retryAfterSeconds: 30 },
    { allowed: true, remaining: 0, resetSeconds: 61, retryAfterSeconds: 0 },
  ]);
});

it('the whole limit is free again after 61 s of silence, or however long it lasts', async () => {
  for (const silence of [61, 3_600, 100_000_000]) {
    const key = newKey();
    await check(key, 10, 10);
    await elapse(key, silence);
    expect(await check(key, 10, 10)).toMatchObject({ allowed: true });
  }
});

it('at random times and costs: never more than the limit in any 60 s, and never refused below it', async () => {
  const [key, limit] = [newKey(), 20];
  const admitted: { second: number; cost: number }[] = [];
  const countedUntil = (second: number) =>
    admitted.filter((one) => one.second >= second - 60).reduce((sum, one) => sum + one.cost, 0);
  let elapsed = 0;
  for (let step = 0; step < 300; step++) {
    const wait = Math.random() < 0.5 ? 0 : Math.floor(Math.random() * 25);
    await elapse(key, wait);
    elapsed += wait;
    const cost = 1 + Math.floor(Math.random() * 6);
    const { allowed } = await check(key, cost, limit);
    // The row says in which second the check was decided, should a real one have begun.
    const [row] = await service.sql<{ second: string }>('SELECT second FROM windows WHERE key = $1', [key]);
    const second = Number(row!.second) + elapsed;
    expect({ step, allowed }).toEqual({ step, allowed: countedUntil(second) + cost <= limit });
    if (allowed) admitted.push({ second, cost });
  }
}, 180_000);

it('200 racing checks against a limit of 30 admit exactly 30', async () => {
  const key = newKey();
  const replies = await Promise.all(Array.from({ length: 200 }, () => check(key, 1, 30)));
  expect(replies.filter((reply) => reply.allowed)).toHaveLength(30);
});

it('checks that share a statement are each told what is left after them, as if they had come one by one', async () => {
  const remaining = await withinOneSecond(async (key) => {
    const replies = await Promise.all(Array.from({ length: 50 }, () => check(key, 2, 21)));
    return replies.map((reply) => (reply.allowed ? reply.remaining : 'refused'));
  });
  const admitted = remaining.filter((left) => left !== 'refused').sort((a, b) => Number(b) - Number(a));
  expect(admitted).toEqual([19, 17, 15, 13, 11, 9, 7, 5, 3, 1]);
});

it('racing checks of many costs, limits, keys and kinds count no more than each limit, and all that it has room for', async () => {
  const keys = Array.from({ length: 20 }, newKey);
  const counted = new Map<string, number>();
  const random = (most: number) => 1 + Math.floor(Math.random() * most);
  await Promise.all(
    Array.from({ length: 2_000 }, async (_, n) => {
      const key = keys[n % keys.length]!;
      const kind = n % 3 === 0 ? 'read' : 'generate';
      const cost = random(4);
      const { allowed } = await check(key, cost, 36 + random(4), kind);
      if (allowed) counted.set(`${kind} ${key}`, (counted.get(`${kind} ${key}`) ?? 0) + cost);
    }),
  );
  // Of the checks of cost 1 and the highest limit, there are enough to fill what the others leave.
  for (const key of keys) {
    for (const kind of ['read', 'generate'] as const) {
      await Promise.all(Array.from({ length: 40 }, () => check(key, 1, 40, kind)));
      expect(await check(key, 0, 40, kind)).toMatchObject({ remaining: 0 });
      expect(counted.get(`${kind} ${key}`)).toBeLessThanOrEqual(40);
    }
  }
}, 180_000);

it(
  'a check tells what the account uses of its other limits',
  onOneDay(async () => {
    const accountId = service.ids.next('acc');
    const ask = () => service.ask(rateLimit.check, { key: accountId, window: 'generate', cost: 1, limit: 10 });
    expect(await ask()).toMatchObject({ concurrent: 0, generationsToday: 0 });
    const [first, second] = [service.ids.next('gen'), service.ids.next('gen')];
    for (const generationId of [first, second]) {
      await service.ask(rateLimit.admit, { generationId, accountId, concurrent: 5, perDay: 5 });
    }
    await service.ask(rateLimit.free, { items: [{ generationId: first, refundQuota: false }] });
    const reply = await ask();
    expect(reply).toMatchObject({ concurrent: 1, generationsToday: 2 });
    expect(reply.todayResetSeconds).toBeGreaterThan(0);
    expect(reply.todayResetSeconds).toBeLessThanOrEqual(86_400);
    expect(
      await service.ask(rateLimit.check, { key: accountId, window: 'generate', cost: 0, limit: 10 }),
    ).toMatchObject({
      concurrent: 1,
      generationsToday: 2,
    });
  }),
);

it('keys and kinds are counted apart, and a new limit acts on the next check', async () => {
  const key = newKey();
  await check(key, 10, 10);
  expect(await check(newKey(), 1, 10)).toMatchObject({ allowed: true, remaining: 9 });
  expect(await check(key, 1, 100, 'read')).toMatchObject({ allowed: true, remaining: 99 });
  expect(await check(key, 1, 30)).toMatchObject({ allowed: true, remaining: 19 });
});

it('a database clock that is set back brings no old counts back to life', async () => {
  const key = newKey();
  await check(key, 10, 10);
  await elapse(key, -50);
  expect(await check(key, 1, 10)).toMatchObject({ allowed: false });
  expect(await check(key, 0, 10)).toMatchObject({ remaining: 0 });
});

it('windows in which nothing counts any more are forgotten, others are kept', async () => {
  const [silent, active] = [newKey(), newKey()];
  await check(silent, 1, 10);
  await check(active, 1, 10);
  await elapse(silent, 61);
  await waitFor(async () => {
    const keys = await service.sql<{ key: string }>('SELECT key FROM windows WHERE key IN ($1, $2)', [silent, active]);
    expect(keys).toEqual([{ key: active }]);
  });
});
