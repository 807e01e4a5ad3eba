import { billing, type GenerationStatus, generations } from '@doitong/contracts';
import { waitFor } from '@doitong/support';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Subscription } from '@nats-io/transport-node';
import { startBilling, type TestBilling } from '../__fixtures__/start-billing.js';

const TTL_MS = 1_000;

let service: TestBilling;
beforeAll(async () => {
  service = await startBilling({ SWEEP_MS: '50', HOLD_TTL_SECONDS: String(TTL_MS / 1_000) });
});
afterAll(() => service.stop());

/** Answers `generations.statuses` in the place of that service: null for ids that it is not told about. */
function standIn(known: Record<string, GenerationStatus>): { asked: Set<string>; subscription: Subscription } {
  const asked = new Set<string>();
  const subscription = service.bus.connection.subscribe(generations.statuses.subject, {
    callback: (_, message) => {
      const { ids } = message.json<{ ids: string[] }>();
      for (const id of ids) asked.add(id);
      message.respond(
        JSON.stringify({ statuses: ids.map((id) => ({ id, status: known[id] ?? null, creditCost: null })) }),
      );
    },
  });
  return { asked, subscription };
}

async function openHold(accountId: string): Promise<string> {
  const generationId = service.ids.next('gen');
  await service.ask(billing.hold, { generationId, accountId, credits: 10 });
  return generationId;
}

async function statusOf(generationId: string): Promise<string | undefined> {
  const [hold] = await service.sql<{ status: string }>('SELECT status FROM holds WHERE generation_id = $1', [
    generationId,
  ]);
  return hold?.status;
}

const lookedAt = async (generationId: string) => {
  const [hold] = await service.sql<{ renewed: boolean }>(
    `SELECT expires_at > created_at + make_interval(secs => $2 * 1.5) AS renewed FROM holds WHERE generation_id = $1`,
    [generationId, TTL_MS / 1_000],
  );
  return hold?.renewed;
};

it('an orphan hold is released only after generations says that it knows no such generation', async () => {
  const accountId = await service.account(100);
  const orphan = await openHold(accountId);
  await waitFor(async () => expect(await lookedAt(orphan)).toBe(true));
  expect(await statusOf(orphan)).toBe('OPEN');

  const { subscription } = standIn({});
  await waitFor(async () => expect(await statusOf(orphan)).toBe('RELEASED'));
  expect(await service.ask(billing.account, { accountId })).toMatchObject({ credits: 100, held: 0 });
  subscription.unsubscribe();
});

it('holds of failed and cancelled generations are released, those of running and completed ones stay', async () => {
  const accountId = await service.account(100);
  const all: GenerationStatus[] = ['QUEUED', 'PROCESSING', 'COMPLETED', 'FAILED', 'CANCELLED'];
  const known: Record<string, GenerationStatus> = {};
  for (const status of all) known[await openHold(accountId)] = status;
  const { asked, subscription } = standIn(known);
  await waitFor(() => expect([...asked].sort()).toEqual(Object.keys(known).sort()));
  await waitFor(async () => expect((await service.ask(billing.account, { accountId })).held).toBe(30));

  const outcomes = await Promise.all(Object.keys(known).map(async (id) => [known[id], await statusOf(id)]));
  expect(Object.fromEntries(outcomes)).toEqual({
    QUEUED: 'OPEN',
    PROCESSING: 'OPEN',
    COMPLETED: 'OPEN',
    FAILED: 'RELEASED',
    CANCELLED: 'RELEASED',
  });
  subscription.unsubscribe();
});

it('a hold that has not expired is not asked about', async () => {
  const accountId = await service.account(100);
  const [young, old] = [await openHold(accountId), await openHold(accountId)];
  await service.sql(`UPDATE holds SET expires_at = now() + interval '1 hour' WHERE generation_id = $1`, [young]);
  const { asked, subscription } = standIn({});
  await waitFor(() => expect(asked).toContain(old));
  expect(asked).not.toContain(young);
  subscription.unsubscribe();
});
