import type { RunningService } from '@doitong/service-kit';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { startRateLimit, type TestRateLimit } from '../__fixtures__/start-rate-limit.js';
import { CheckBatches } from './check-batches.js';

let own: TestRateLimit;
let service: RunningService;
beforeAll(async () => {
  own = await startRateLimit();
  service = await own.startReplica();
});
afterAll(() => own?.stop());

/** As it comes to the service, where the edge has nothing against it. */
const check = (key: string, cost = 1) =>
  service.app
    .get(CheckBatches)
    .take({ key, window: 'generate', cost, limit: 100 })
    .then(
      ({ allowed, counts }) => ({ allowed, counted: counts.reduce((sum, count) => sum + count, 0) }),
      () => 'failed',
    );

it('a check that the database refuses fails alone: those that share its statement are counted, and each once', async () => {
  // Two costs of one window are two rounds: the second one fails when the first has counted.
  const asked = [check('good'), check('bad\0'), ...Array.from({ length: 8 }, (_, n) => check(`other ${n}`))];
  asked.push(check('good', 2), check('bad\0', 2));
  const good = { allowed: true, counted: 1 };
  expect(await Promise.all(asked)).toEqual([
    good,
    'failed',
    ...Array(8).fill(good),
    { allowed: true, counted: 3 },
    'failed',
  ]);
  const counted = `SELECT key, (SELECT sum(count)::int FROM unnest(counts) AS count) AS counted FROM windows WHERE key <> 'good'`;
  expect(new Set((await own.sql<{ counted: number }>(counted)).map((row) => row.counted))).toEqual(new Set([1]));
});
