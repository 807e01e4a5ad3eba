import { type GenerationStatus, generations, rateLimit } from '@doitong/contracts';
import { waitFor } from '@doitong/support';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { onOneDay } from '../__fixtures__/midnight.js';
import { startRateLimit, type TestRateLimit } from '../__fixtures__/start-rate-limit.js';

let service: TestRateLimit;
beforeAll(async () => {
  // No slot expires by itself: the tests say when.
  service = await startRateLimit({ SWEEP_MS: '50', SLOT_TTL_SECONDS: '3600' });
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

/** The time of slots is up, of all in one moment. */
const expire = (...generationIds: string[]) =>
  service.sql('UPDATE slots SET expires_at = now() WHERE generation_id = ANY ($1)', [generationIds]);

/** Resolves once the sweeper has taken the slot for a closer look, and so is done with all that it has taken before. */
async function lookedAt(generationId: string): Promise<void> {
  await expire(generationId);
  await waitFor(async () => {
    const renewed = 'SELECT FROM slots WHERE generation_id = $1 AND expires_at > now()';
    expect(await service.sql(renewed, [generationId])).toHaveLength(1);
  });
}

it('an orphan slot is freed only after generations says that it knows no such generation, and costs no quota', async () => {
  const accountId = service.ids.next('acc');
  const orphan = await admit(accountId);
  for (let times = 0; times < 3; times++) await lookedAt(orphan);
  expect(await usage(accountId)).toEqual({ slots_taken: 1, day_taken: 1 });

  const leave = standIn({});
  await waitFor(async () => {
    await expire(orphan);
    expect(await usage(accountId)).toEqual({ slots_taken: 0, day_taken: 0 });
  });
  leave();
});

it(
  'a freed slot is forgotten when its time is up, and not before',
  onOneDay(async () => {
    const accountId = service.ids.next('acc');
    const [early, due, running] = [await admit(accountId), await admit(accountId), await admit(accountId)];
    await service.ask(rateLimit.free, {
      items: [early, due].map((generationId) => ({ generationId, refundQuota: false })),
    });
    // Each sweep begins with what it forgets.
    for (let times = 0; times < 2; times++) await lookedAt(running);
    const kept = () =>
      service.sql('SELECT generation_id AS id FROM slots WHERE account_id = $1 ORDER BY id', [accountId]);
    expect(await kept()).toEqual([{ id: early }, { id: due }, { id: running }]);
    await expire(due);
    await waitFor(async () => expect(await kept()).toEqual([{ id: early }, { id: running }]));
    expect(await usage(accountId)).toEqual({ slots_taken: 1, day_taken: 3 });
  }),
);

it(
  'slots of generations that are over are freed and keep their quota, those of running ones stay',
  onOneDay(async () => {
    const accountId = service.ids.next('acc');
    const all: GenerationStatus[] = ['QUEUED', 'PROCESSING', 'COMPLETED', 'FAILED', 'CANCELLED'];
    const known: Record<string, GenerationStatus> = {};
    for (const status of all) known[await admit(accountId)] = status;
    const ids = Object.keys(known);
    const leave = standIn(known);
    const left = () =>
      service.sql<{ id: string }>(
        'SELECT generation_id AS id FROM slots WHERE account_id = $1 AND freed_at IS NULL ORDER BY id',
        [accountId],
      );
    await waitFor(async () => {
      await expire(...ids);
      expect(await usage(accountId)).toEqual({ slots_taken: 2, day_taken: 5 });
    });
    const running = ids.filter((id) => known[id] === 'QUEUED' || known[id] === 'PROCESSING');
    for (let times = 0; times < 2; times++) await lookedAt(running[0]!);
    expect(await usage(accountId)).toEqual({ slots_taken: 2, day_taken: 5 });
    expect(await left()).toEqual(running.map((id) => ({ id })));
    leave();
  }),
);
