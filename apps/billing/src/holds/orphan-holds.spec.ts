import { billing, type GenerationStatus, generations } from '@doitong/contracts';
import { waitFor } from '@doitong/support';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Subscription } from '@nats-io/transport-node';
import { startBilling, type TestBilling } from '../__fixtures__/start-billing.js';

let service: TestBilling;
beforeAll(async () => {
  // No hold expires by itself: the tests say when.
  service = await startBilling({ SWEEP_MS: '50', HOLD_TTL_SECONDS: '3600' });
});
afterAll(() => service.stop());

/** Answers `generations.statuses` in the place of that service: null for ids that it is not told about. */
function standIn(
  known: Record<string, GenerationStatus>,
  creditCosts: Record<string, number> = {},
): { asked: Set<string>; subscription: Subscription } {
  const asked = new Set<string>();
  const subscription = service.bus.connection.subscribe(generations.statuses.subject, {
    callback: (_, message) => {
      const { ids } = message.json<{ ids: string[] }>();
      for (const id of ids) asked.add(id);
      message.respond(
        JSON.stringify({
          statuses: ids.map((id) => ({ id, status: known[id] ?? null, creditCost: creditCosts[id] ?? null })),
        }),
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

/** The time of open holds is up, of all in one moment. */
const expire = (...generationIds: string[]) =>
  service.sql(`UPDATE holds SET expires_at = now() WHERE generation_id = ANY ($1) AND status = 'OPEN'`, [
    generationIds,
  ]);

/** Resolves once the sweeper has taken the hold for a closer look, and so is done with all that it has taken before. */
async function lookedAt(generationId: string): Promise<void> {
  await expire(generationId);
  await waitFor(async () => {
    const renewed = 'SELECT FROM holds WHERE generation_id = $1 AND expires_at > now()';
    expect(await service.sql(renewed, [generationId])).toHaveLength(1);
  });
}

it('an orphan hold is released only after generations says that it knows no such generation', async () => {
  const accountId = await service.account(100);
  const orphan = await openHold(accountId);
  for (let times = 0; times < 3; times++) await lookedAt(orphan);
  expect(await statusOf(orphan)).toBe('OPEN');

  const { subscription } = standIn({});
  await waitFor(async () => {
    await expire(orphan);
    expect(await statusOf(orphan)).toBe('RELEASED');
  });
  expect(await service.ask(billing.account, { accountId })).toMatchObject({ credits: 100, held: 0 });
  subscription.unsubscribe();
});

it('holds of failed and cancelled generations are released, those of running and completed ones stay', async () => {
  const accountId = await service.account(100);
  const all: GenerationStatus[] = ['QUEUED', 'PROCESSING', 'COMPLETED', 'FAILED', 'CANCELLED'];
  const known: Record<string, GenerationStatus> = {};
  for (const status of all) known[await openHold(accountId)] = status;
  const ids = Object.keys(known);
  const { asked, subscription } = standIn(known);
  await waitFor(async () => {
    await expire(...ids);
    expect((await service.ask(billing.account, { accountId })).held).toBe(30);
  });
  const running = ids.filter((id) => known[id] === 'QUEUED');
  for (let times = 0; times < 2; times++) await lookedAt(running[0]!);

  expect([...asked]).toEqual(expect.arrayContaining(ids));
  const outcomes = await Promise.all(ids.map(async (id) => [known[id], await statusOf(id)]));
  expect(Object.fromEntries(outcomes)).toEqual({
    QUEUED: 'OPEN',
    PROCESSING: 'OPEN',
    COMPLETED: 'OPEN',
    FAILED: 'RELEASED',
    CANCELLED: 'RELEASED',
  });
  subscription.unsubscribe();
});

it('the hold of a cancelled generation that is charged stays, until that is settled', async () => {
  const accountId = await service.account(100);
  const [free, charged] = [await openHold(accountId), await openHold(accountId)];
  const { subscription } = standIn({ [free]: 'CANCELLED', [charged]: 'CANCELLED' }, { [free]: 0, [charged]: 10 });
  await waitFor(async () => {
    await expire(free, charged);
    expect(await statusOf(free)).toBe('RELEASED');
  });
  for (let times = 0; times < 2; times++) await lookedAt(charged);
  expect(await statusOf(charged)).toBe('OPEN');
  subscription.unsubscribe();
});

it('a hold that has not expired is not asked about', async () => {
  const accountId = await service.account(100);
  const [young, old] = [await openHold(accountId), await openHold(accountId)];
  const { asked, subscription } = standIn({});
  await waitFor(async () => {
    await expire(old);
    expect(asked).toContain(old);
  });
  expect(asked).not.toContain(young);
  subscription.unsubscribe();
});
