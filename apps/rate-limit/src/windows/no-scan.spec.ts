import { type RequestOf, rateLimit } from '@doitong/contracts';
import { waitFor } from '@doitong/support';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { startRateLimit, type TestRateLimit } from '../__fixtures__/start-rate-limit.js';

const ACCOUNTS = 20_000;
const CHECKS = 1_000;
/** More than were needed for the checks. */
const SESSIONS = 5;

let service: TestRateLimit;
beforeAll(async () => {
  service = await startRateLimit({ WINDOW_SWEEP_MS: '3600000' });
});
afterAll(() => service?.stop());

/** How often the tables were read as a whole, and the usage by its index, as the sessions have told by now. */
async function scans(): Promise<{ whole: number; indexed: number }> {
  const [row] = await service.sql<{ whole: number; indexed: number }>(
    `SELECT sum(seq_scan)::int AS whole, max(idx_scan) FILTER (WHERE relname = 'account_usage')::int AS indexed
     FROM pg_stat_user_tables WHERE relname IN ('windows', 'account_usage')`,
  );
  return row!;
}

it('no check reads the windows or the usage of other accounts, however many there are', async () => {
  await service.sql(`
    INSERT INTO windows (key, kind, second, counts, checks, cost, most, admitted)
    SELECT 'account ' || n, 'generate', extract(epoch FROM now())::bigint - n % 200, array_fill(0, ARRAY[61]), 1, 1, 10, 1
    FROM generate_series(1, ${ACCOUNTS}) AS n;
    INSERT INTO account_usage SELECT 'account ' || n, 0, now()::date, 0 FROM generate_series(1, ${ACCOUNTS}) AS n;
    ANALYZE windows, account_usage`);
  const before = await scans();
  const check = (n: number, change: Partial<RequestOf<typeof rateLimit.check>> = {}) =>
    service.ask(rateLimit.check, { key: `account ${n}`, window: 'generate', cost: 1, limit: 10, ...change });
  await Promise.all(Array.from({ length: CHECKS }, (_, n) => check(n)));
  for (let n = 1; n <= 20; n++) {
    await check(n);
    await check(n, { window: 'read' });
    await check(n, { cost: 0 });
  }
  let asked = CHECKS + 60;
  // After a request, a session tells what it has read if it told nothing for a second: so each of them is used again.
  await waitFor(
    async () => {
      asked += SESSIONS;
      await Promise.all(Array.from({ length: SESSIONS }, () => check(1, { cost: 0 })));
      expect((await scans()).indexed - before.indexed).toBeGreaterThanOrEqual(asked);
    },
    { timeoutMs: 45_000, intervalMs: 1_100 },
  );
  expect((await scans()).whole).toBe(before.whole);
});
