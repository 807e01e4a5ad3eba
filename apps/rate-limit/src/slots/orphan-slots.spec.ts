import { type GenerationStatus, generations, rateLimit } from '@doitong/contracts';
import { waitFor } from '@doitong/support';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { startRateLimit, type TestRateLimit } from '../__fixtures__/start-rate-limit.js';

const TTL_SECONDS = 1;

let service: TestRateLimit;
beforeAll(async () => {
  service = await startRateLimit({ SWEEP_MS: '50', SLOT_TTL_SECONDS: String(TTL_SECONDS) });
});
afterAll(() => service.stop());

/** Answers `generations.statuses` in the place of that service: null for ids that it is not told about. */
function standIn(known: Record<string, GenerationStatus>): () => void {
  const subscription = service.bus.connection.subscribe(generations.statuses.subject, {
    callback: (_, message) => {
      const { ids } = message.json<{ ids: string[] }>();
      message.respond(
        JSON.stringify({ statuses: ids.map((id) => ({ id, status: known[id] ?? null, creditCost: null })) }),
      );
    },
  });
  return () => subscription.unsubscribe();
}

async function admit(accountId: string): Promise<string> {
  const generationId = service.ids.next('gen');
  await service.ask(rateLimit.admit, { generationId, accountId, concurrent: 10, perDay: 10 });
  return generationId;
}

const usage = async (accountId: string) =>
  (await service.sql('SELECT slots_taken, day_taken FROM account_usage WHERE account_id = $1', [accountId]))[0];

it('an orphan slot is freed only after generations says that it knows no such generation, and costs no quota', async () => {
  const accountId = service.ids.next('acc');
  const orphan = await admit(accountId);
  await service.sql(`UPDATE slots SET expires_at = now() - interval '1 hour' WHERE generation_id = $1`, [orphan]);
  await waitFor(async () => {
    const renewed = await service.sql('SELECT FROM slots WHERE generation_id = $1 AND expires_at > now()', [orphan]);
    expect(renewed).toHaveLength(1);
  });
  expect(await usage(accountId)).toEqual({ slots_taken: 1, day_taken: 1 });

  const leave = standIn({});
  await waitFor(async () => expect(await usage(accountId)).toEqual({ slots_taken: 0, day_taken: 0 }));
  leave();
});

it('a freed slot is forgotten when its time is up, and not before', async () => {
  const accountId = service.ids.next('acc');
  const [early, due] = [await admit(accountId), await admit(accountId)];
  await service.sql(`UPDATE slots SET expires_at = now() + interval '1 hour' WHERE generation_id = $1`, [early]);
  await service.ask(rateLimit.free, {
    items: [early, due].map((generationId) => ({ generationId, refundQuota: false })),
  });
  await service.sql(`UPDATE slots SET expires_at = now() WHERE generation_id = $1`, [due]);
  const kept = () => service.sql('SELECT generation_id AS id FROM slots WHERE account_id = $1', [accountId]);
  await waitFor(async () => expect(await kept()).toEqual([{ id: early }]));
  expect(await usage(accountId)).toEqual({ slots_taken: 0, day_taken: 2 });
});

it('slots of generations that are over are freed and keep their quota, those of running ones stay', async () => {
  const accountId = service.ids.next('acc');
  const all: GenerationStatus[] = ['QUEUED', 'PROCESSING', 'COMPLETED', 'FAILED', 'CANCELLED'];
  const known: Record<string, GenerationStatus> = {};
  for (const status of all) known[await admit(accountId)] = status;
  const leave = standIn(known);
  await waitFor(async () => expect(await usage(accountId)).toEqual({ slots_taken: 2, day_taken: 5 }));
  const left = await service.sql<{ id: string }>(
    'SELECT generation_id AS id FROM slots WHERE account_id = $1 AND freed_at IS NULL',
    [accountId],
  );
  expect(left.map(({ id }) => known[id]).sort()).toEqual(['PROCESSING', 'QUEUED']);
  leave();
});
