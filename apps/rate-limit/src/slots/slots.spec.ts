import { rateLimit } from '@doitong/contracts';
import { waitFor } from '@doitong/support';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { onOneDay, untilMidnightMs } from '../__fixtures__/midnight.js';
import { startRateLimit, type TestRateLimit } from '../__fixtures__/start-rate-limit.js';

let service: TestRateLimit;
beforeAll(async () => {
  service = await startRateLimit();
});
afterAll(() => service.stop());

interface Limits {
  concurrent: number;
  perDay: number | null;
}

const newAccount = () => service.ids.next('acc');
const newGeneration = () => service.ids.next('gen');
const admit = (accountId: string, limits: Limits, generationId = newGeneration()) =>
  service.ask(rateLimit.admit, { generationId, accountId, ...limits }).then(() => generationId);
const free = (generationIds: string[], refundQuota = false) =>
  service.ask(rateLimit.free, { items: generationIds.map((generationId) => ({ generationId, refundQuota })) });

/** What the account has taken, by its counter and by its slots. */
async function usage(accountId: string) {
  const [row] = await service.sql<{ concurrent: number; slots: number; today: number }>(
    `SELECT slots_taken AS concurrent, (SELECT count(*)::int FROM slots WHERE account_id = $1 AND freed_at IS NULL) AS slots,
       day_taken AS today
     FROM account_usage WHERE account_id = $1`,
    [accountId],
  );
  return row;
}

/** Makes `days` go by for an account and its slots. */
async function daysPass(accountId: string, days: number): Promise<void> {
  await service.sql('UPDATE account_usage SET day = day - $2::int WHERE account_id = $1', [accountId, days]);
  await service.sql('UPDATE slots SET day = day - $2::int WHERE account_id = $1', [accountId, days]);
}

describe('admit', () => {
  it(
    '100 racing admissions against 10 concurrent: exactly 10 are admitted, and only they cost quota',
    onOneDay(async () => {
      const accountId = newAccount();
      const results = await Promise.allSettled(
        Array.from({ length: 100 }, () => admit(accountId, { concurrent: 10, perDay: 1_000 })),
      );
      const refusals = results.flatMap((result) => (result.status === 'rejected' ? [result.reason.body] : []));
      expect(refusals).toHaveLength(90);
      for (const refusal of refusals) {
        expect(refusal).toMatchObject({ code: 'RATE_LIMIT', limit: 'concurrent', retryAfter: 2, retryable: true });
      }
      expect(await usage(accountId)).toEqual({ concurrent: 10, slots: 10, today: 10 });
    }),
  );

  it(
    'a quota that is used up refuses until midnight UTC, and takes no slot',
    onOneDay(async () => {
      const accountId = newAccount();
      const limits = { concurrent: 10, perDay: 3 };
      for (let count = 0; count < 3; count++) await admit(accountId, limits);
      const before = untilMidnightMs();
      const refusal = await admit(accountId, limits).catch((error) => error.body);
      const after = untilMidnightMs();
      expect(refusal).toMatchObject({ code: 'RATE_LIMIT', limit: 'per_day', retryAfter: expect.any(Number) });
      expect(refusal.retryAfter).toBeLessThanOrEqual(before / 1_000 + 1);
      expect(refusal.retryAfter).toBeGreaterThanOrEqual(after / 1_000 - 1);
      expect(await usage(accountId)).toEqual({ concurrent: 3, slots: 3, today: 3 });
    }),
  );

  it(
    'a new day has a quota of its own; slots stay taken',
    onOneDay(async () => {
      const accountId = newAccount();
      const limits = { concurrent: 3, perDay: 2 };
      await admit(accountId, limits);
      await admit(accountId, limits);
      await daysPass(accountId, 1);
      await admit(accountId, limits);
      expect(await usage(accountId)).toEqual({ concurrent: 3, slots: 3, today: 1 });
      await expect(admit(accountId, limits)).rejects.toMatchObject({ body: { limit: 'concurrent' } });
    }),
  );

  it(
    'a repeated admission, even 20 at once and with no limit left, takes one slot and one of the quota',
    onOneDay(async () => {
      const accountId = newAccount();
      const wanted = { generationId: newGeneration(), accountId, concurrent: 1, perDay: 1 };
      const replies = await Promise.all(Array.from({ length: 20 }, () => service.ask(rateLimit.admit, wanted)));
      expect(new Set(replies.map((reply) => reply.expiresAt)).size).toBe(1);
      expect(await usage(accountId)).toEqual({ concurrent: 1, slots: 1, today: 1 });
      const roomy = { ...wanted, concurrent: 10, perDay: 10 };
      expect(await service.ask(rateLimit.admit, roomy)).toEqual(replies[0]);
      expect(await usage(accountId)).toEqual({ concurrent: 1, slots: 1, today: 1 });
    }),
  );

  it(
    'limits of 0 refuse from the start; an unlimited quota never does',
    onOneDay(async () => {
      const accountId = newAccount();
      await expect(admit(accountId, { concurrent: 0, perDay: null })).rejects.toMatchObject({
        body: { limit: 'concurrent' },
      });
      await expect(admit(accountId, { concurrent: 5, perDay: 0 })).rejects.toMatchObject({
        body: { limit: 'per_day' },
      });
      for (let count = 0; count < 5; count++) await admit(accountId, { concurrent: 5, perDay: null });
      expect(await usage(accountId)).toEqual({ concurrent: 5, slots: 5, today: 5 });
    }),
  );
});

describe('free', () => {
  it(
    'a slot freed twice, or by 10 at once, frees once',
    onOneDay(async () => {
      const accountId = newAccount();
      const limits = { concurrent: 2, perDay: null };
      const [first] = [await admit(accountId, limits), await admit(accountId, limits)];
      await Promise.all(Array.from({ length: 10 }, () => free([first, first])));
      await free([first]);
      expect(await usage(accountId)).toEqual({ concurrent: 1, slots: 1, today: 2 });
      await admit(accountId, limits);
      await expect(admit(accountId, limits)).rejects.toMatchObject({ code: 'RATE_LIMIT' });
    }),
  );

  it(
    'a refund gives the quota back once, and only on the day that it was taken',
    onOneDay(async () => {
      const accountId = newAccount();
      const limits = { concurrent: 10, perDay: 10 };
      const yesterday = await admit(accountId, limits);
      await daysPass(accountId, 1);
      const [kept, refunded] = [await admit(accountId, limits), await admit(accountId, limits)];
      await free([refunded, yesterday], true);
      await free([refunded], true);
      await free([kept]);
      expect(await usage(accountId)).toEqual({ concurrent: 0, slots: 0, today: 1 });
    }),
  );

  it(
    'a generation that comes again after its slot was freed takes no other, nor of the quota',
    onOneDay(async () => {
      const accountId = newAccount();
      const limits = { concurrent: 2, perDay: 10 };
      const [ended, givenBack] = [await admit(accountId, limits), await admit(accountId, limits)];
      await free([ended]);
      await free([givenBack], true);
      for (const generationId of [ended, givenBack])
        await expect(admit(accountId, limits, generationId)).rejects.toMatchObject({ code: 'IDEMPOTENCY_CONFLICT' });
      await free([ended, givenBack], true);
      expect(await usage(accountId)).toEqual({ concurrent: 0, slots: 0, today: 1 });
    }),
  );

  it('unknown generations are no error', async () => {
    expect(await free([newGeneration()], true)).toEqual({});
  });

  it('admissions and overlapping batches of frees race, and the counters agree with the slots', async () => {
    const accounts = Array.from({ length: 4 }, newAccount);
    const limits = { concurrent: 1_000, perDay: null };
    const pick = (index: number) => accounts[index % accounts.length]!;
    const taken = await Promise.all(Array.from({ length: 160 }, (_, index) => admit(pick(index), limits)));
    const frees = Array.from({ length: 12 }, (_, batch) => {
      const some = taken.slice(0, 120).filter((_, index) => (index * 7 + batch) % 3 !== 0);
      return free(batch % 2 ? some : some.reverse(), batch % 3 === 0);
    });
    const more = Array.from({ length: 80 }, (_, index) => admit(pick(index), limits));
    const repeats = taken.slice(120).map((id, index) => admit(pick(120 + index), limits, id));
    await Promise.all([...frees, ...more, ...repeats]);
    for (const accountId of accounts) expect(await usage(accountId)).toMatchObject({ concurrent: 30, slots: 30 });
  });

  it('a free that waits for an account has no slot locked, so that nothing can wait in a circle', async () => {
    const accountId = newAccount();
    const generationId = await admit(accountId, { concurrent: 1, perDay: null });
    // An admission of the same generation would do so: first the account's usage, then the row of the slot.
    const client = await service.pool.connect();
    try {
      await client.query('BEGIN');
      await client.query('SELECT FROM account_usage WHERE account_id = $1 FOR UPDATE', [accountId]);
      const freed = free([generationId]);
      await waitFor(async () => {
        const waiting = 'SELECT FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid))';
        expect((await client.query(waiting)).rows).toHaveLength(1);
      });
      await client.query('SELECT FROM slots WHERE generation_id = $1 FOR UPDATE NOWAIT', [generationId]);
      await client.query('COMMIT');
      await freed;
    } finally {
      // What a failure has left open ends with its connection.
      client.release(true);
    }
    expect(await usage(accountId)).toMatchObject({ concurrent: 0, slots: 0 });
  });
});
