import type { AttemptFailure, Mode } from '@doitong/contracts';
import type { RunningService } from '@doitong/service-kit';
import { waitFor } from '@doitong/support';
import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { FAILURE, reportsTo } from '../__fixtures__/reports.js';
import { startGenerations, type TestGenerations } from '../__fixtures__/start-generations.js';
import { CatalogueService } from '../catalogue/catalogue.service.js';

let own: TestGenerations;
let second: RunningService;
let reports: ReturnType<typeof reportsTo>;

beforeAll(async () => {
  own = await startGenerations({ SWEEP_MS: '100' });
  reports = reportsTo(own);
  second = await own.startReplica();
});
afterAll(() => own.stop());
beforeEach(async () => {
  await own.clear();
  await own.sql('TRUNCATE model_health, circuits');
});

interface Row {
  successes: number;
  failures: number;
}
const seen = async () =>
  (await own.sql<Row>('SELECT round(successes) AS successes, round(failures) AS failures FROM model_health'))[0];
const candidates = () =>
  [own.service, second].map(
    ({ app }) => app.get(CatalogueService).candidates('VIDEO', 'live', { accountId: own.accountId, plan: 'PRO' })[0]!,
  );

async function attempted(mode: Mode = 'live') {
  const ids = await own.accepted({ mode });
  await reports.begin(ids);
  return ids;
}
async function failed(kind: AttemptFailure['kind'], mode?: Mode) {
  await reports.failed(await attempted(mode), 'one', { ...FAILURE, kind });
}

it('what both replicas see adds up, and both choose by it', async () => {
  const all = await Promise.all(Array.from({ length: 12 }, () => attempted()));
  await Promise.all(all.slice(0, 8).map((ids) => reports.failed(ids, 'one', { ...FAILURE, kind: 'failed' })));
  await Promise.all(all.slice(8).map((ids) => reports.completed(ids)));
  await waitFor(async () => expect(await seen()).toEqual({ successes: 4, failures: 8 }));
  await waitFor(() => {
    for (const { health } of candidates()) expect(health.successRate).toBeCloseTo((4 + 4.85) / 17, 1);
  });
});

it('a model is blamed for its own failures and for those who wait for it in vain, not for the customer’s or a credential’s', async () => {
  for (const kind of ['invalid-input', 'input-unfit', 'input-unavailable', 'content-rejected'] as const)
    await failed(kind);
  const agreed = (because: string | undefined) =>
    waitFor(() => expect(candidates().map(({ absence }) => absence?.because)).toEqual([because, because]));
  await failed('credential');
  // Once both have heard of the circuit, what they read next is that it is closed.
  await agreed('circuit open');
  await own.sql('TRUNCATE circuits');
  await agreed(undefined);
  for (const kind of ['forbidden', 'balance'] as const) await failed(kind);
  for (const kind of [
    'failed',
    'output-lost',
    'unavailable',
    'server-error',
    'rate-limited',
    'submission-unknown',
  ] as const) {
    await failed(kind);
  }
  await attempted();
  await own.accepted({ mode: 'live' });
  await own.sql(`UPDATE generations SET deadline_at = now() WHERE status IN ('QUEUED', 'PROCESSING')`);
  await waitFor(async () => expect(await seen()).toEqual({ successes: 0, failures: 7 }));
});

it('test keys teach nothing', async () => {
  await failed('failed', 'test');
  await failed('failed', 'live');
  await waitFor(async () => expect(await seen()).toEqual({ successes: 0, failures: 1 }));
});
