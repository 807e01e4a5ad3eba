import { admin, billing, catalog, generations } from '@doitong/contracts';
import { waitFor } from '@doitong/support';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { aFamily, aProvider, aRequest } from '../__fixtures__/manifests.js';
import { startGenerations, type TestGenerations } from '../__fixtures__/start-generations.js';

const LIMITS = { requestsPerMinute: 60, concurrent: 10, perDay: null };

let own: TestGenerations;
beforeAll(async () => {
  own = await startGenerations();
});
afterAll(() => own.stop());
beforeEach(() => {
  own.standIns.reset();
  own.standIns.answer(billing.limits, () => ({ plan: 'PRO' as const, limits: LIMITS }));
});

const unknown = () => own.ids.next('gen');
const auditOf = async (target: string) => (await own.ask(admin.generationsAudit, { target, first: 10 })).entries;
async function cancelled(changes?: Parameters<TestGenerations['create']>[0]) {
  const { id } = await own.create(changes);
  await own.ask(admin.generationCancel, { id });
  return id;
}

describe('an operator', () => {
  it('sees a generation of any account, with its attempts', async () => {
    const { id, attemptId } = await own.accepted();
    const { generation, attempts } = await own.ask(admin.generationShow, { id });
    expect(generation).toMatchObject({ id, accountId: own.accountId, status: 'QUEUED' });
    expect(attempts).toMatchObject([
      { id: attemptId, number: 1, provider: 'brush', status: 'CREATED', finishedAt: null },
    ]);
    for (const message of [admin.generationShow, admin.generationCancel, admin.generationRetry]) {
      await expect(own.ask(message, { id: unknown() })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    }
  });

  it('cancels a generation once, and the audit has it once', async () => {
    const { id } = await own.create();
    expect(await own.ask(admin.generationCancel, { id })).toEqual({ cancelled: true });
    expect(await own.ask(admin.generationCancel, { id })).toEqual({ cancelled: false });
    expect(await auditOf(id)).toMatchObject([
      { actor: 'admin', action: 'generation.cancel', accountId: own.accountId, after: { status: 'CANCELLED' } },
    ]);
  });

  it('retries what was cancelled as a new generation with a hold of its own; the old one stays as it ended', async () => {
    const input = aRequest({ provider: 'brush', webhookUrl: 'https://example.com/hook' });
    const id = await cancelled({ input });
    const before = await own.ask(admin.generationShow, { id });
    own.standIns.reset();
    own.standIns.answer(billing.limits, () => ({ plan: 'PRO' as const, limits: LIMITS }));
    const retried = await own.ask(admin.generationRetry, { id });
    expect(retried).toMatchObject({ status: 'QUEUED', accountId: own.accountId, type: 'VIDEO', provider: 'brush' });
    expect(retried.id).not.toBe(id);
    expect(own.standIns.saw(billing.hold).map(({ generationId }) => generationId)).toEqual([retried.id]);
    expect(await own.ask(admin.generationShow, { id })).toEqual(before);
    const [kept] = await own.sql<{ webhook_url: string }>('SELECT webhook_url FROM generations WHERE id = $1', [
      retried.id,
    ]);
    expect(kept).toEqual({ webhook_url: 'https://example.com/hook' });
    expect(await auditOf(id)).toMatchObject([
      { action: 'generation.retry', after: { retriedAs: retried.id } },
      { action: 'generation.cancel' },
    ]);
  });

  it('who retries twice, also at once, gets one new generation', async () => {
    const id = await cancelled();
    const made = await Promise.all([1, 2, 3].map(() => own.ask(admin.generationRetry, { id })));
    expect(new Set(made.map((one) => one.id)).size).toBe(1);
    expect((await auditOf(id)).filter(({ action }) => action === 'generation.retry')).toHaveLength(1);
  });

  it('retries nothing that has not ended, nor for an account that is not active', async () => {
    const { id } = await own.create();
    await expect(own.ask(admin.generationRetry, { id })).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    await own.ask(admin.generationCancel, { id });
    own.standIns.refuse(billing.limits, 'FORBIDDEN', 'This account is not active.');
    await expect(own.ask(admin.generationRetry, { id })).rejects.toMatchObject({ code: 'FORBIDDEN' });
    expect((await auditOf(id)).map(({ action }) => action)).toEqual(['generation.cancel']);
  });

  it('disables a provider: it is passed over, named it is PROVIDER_UNAVAILABLE, over a restart too, until it is enabled', async () => {
    await own.announce(aFamily('sculptors', aProvider('chisel'), aProvider('clay')), 'sculptor');
    const heard: string[] = [];
    own.bus.listen(catalog.changed, ({ family }) => void heard.push(family));
    await own.connection.flush();
    const asked = { provider: 'chisel', reason: 'wrong colours' };
    expect(await own.ask(admin.providerDisable, asked)).toMatchObject({
      id: 'chisel',
      family: 'sculptors',
      live: 'disabled by an operator',
      test: 'disabled by an operator',
      disabledBecause: 'wrong colours',
    });
    await waitFor(() => expect(heard).toEqual(['sculptors']));
    const named = () => own.create({ input: aRequest({ provider: 'chisel' }) });
    await expect(named()).rejects.toMatchObject({ code: 'PROVIDER_UNAVAILABLE' });
    const { routing } = await own.create({ input: aRequest({}) });
    expect(routing.candidates).toContainEqual(
      expect.objectContaining({ provider: 'chisel', excludedBecause: 'disabled by an operator' }),
    );
    const available = async () =>
      (await own.ask(generations.providers, {})).providers.find(({ id }) => id === 'chisel')?.available;
    expect(await available()).toBe(false);

    await own.service.stop();
    await own.startReplica();
    await expect(named()).rejects.toMatchObject({ code: 'PROVIDER_UNAVAILABLE' });
    expect(await own.ask(admin.providerEnable, { provider: 'chisel' })).toMatchObject({
      live: null,
      disabledBecause: null,
    });
    expect((await named()).provider).toBe('chisel');
    expect(await available()).toBe(true);
    expect(await auditOf('chisel')).toMatchObject([
      { action: 'provider.enable', before: { reason: 'wrong colours' }, after: null },
      { action: 'provider.disable', before: null, after: { reason: 'wrong colours' } },
    ]);
    await expect(own.ask(admin.providerEnable, { provider: 'marble' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});
