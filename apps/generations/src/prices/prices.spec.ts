import { admin, billing, DoitongError, generations, type Plan, type RequestOf } from '@doitong/contracts';
import { Clock } from '@doitong/service-kit';
import { waitFor } from '@doitong/support';
import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { aFamily, aModel, aProvider, aRequest } from '../__fixtures__/manifests.js';
import { FAILURE, reportsTo } from '../__fixtures__/reports.js';
import { startGenerations, type TestGenerations } from '../__fixtures__/start-generations.js';
import { CatalogueService } from '../catalogue/catalogue.service.js';

type Set = RequestOf<typeof admin.price.set>;

let own: TestGenerations;
let accountId: string;

beforeAll(async () => {
  // It is not swept: what another replica knows, it was told.
  own = await startGenerations();
  await own.announce(
    aFamily('painters', aProvider('brush', { aliases: ['pinsel'], models: [aModel('brush-1'), aModel('brush-2')] })),
  );
  await own.announce(
    aFamily('sketchers', aProvider('pencil', { models: [aModel('pencil-1', { price: { base: 20 } })] })),
    'sketcher',
  );
});
afterAll(() => own.stop());
beforeEach(async () => {
  own.standIns.reset();
  own.standIns.answer(billing.account, ({ accountId: id }) => ({
    id,
    name: 'a',
    plan: 'PRO' as const,
    credits: 0,
    held: 0,
  }));
  for (const { id } of await list()) await own.ask(admin.price.end, { id });
  accountId = own.ids.next('acc');
});

const set = (wanted: Partial<Set>) => own.ask(admin.price.set, { provider: 'brush', price: { base: 7 }, ...wanted });
const list = async (filter: Partial<RequestOf<typeof admin.price.list>> = {}) =>
  (await own.ask(admin.price.list, { first: 100, ...filter })).prices;
const create = (of: { accountId?: string; plan?: Plan } = {}, input = aRequest({ provider: 'brush' })) =>
  own.create({ accountId, plan: 'PRO', input, ...of });
const cost = async (...asked: Parameters<typeof create>) => (await create(...asked)).creditCost;
const quote = (input = aRequest({ provider: 'brush' })) =>
  own.ask(generations.quote, { accountId, plan: 'PRO', mode: 'test', input });
const held = () => own.standIns.saw(billing.hold).map(({ credits }) => credits);
const audit = async (target = 'brush') => (await own.ask(admin.generationsAudit, { target, first: 100 })).entries;

describe('the price of a generation', () => {
  it('is the account’s own, else its plan’s, else the catalogue’s; and that is what is held', async () => {
    expect(await cost()).toBe(10);
    await set({ plan: 'PRO', price: { base: 8 } });
    await set({ accountId, price: { base: 6 } });
    await set({
      accountId,
      model: 'brush-1',
      price: { base: 2, perSecond: 0.5, multipliers: { resolution: { '1080p': 2 } } },
    });
    expect(await cost({}, aRequest({ provider: 'brush', options: { resolution: '1080p' } }))).toBe(10);
    expect(await cost()).toBe(5);
    expect(await cost({}, aRequest({ provider: 'brush', options: { model: 'brush-2' } }))).toBe(6);
    expect(await cost({ accountId: own.ids.next('acc') })).toBe(8);
    expect(await cost({ accountId: own.ids.next('acc'), plan: 'FREE' })).toBe(10);
    expect(held()).toEqual([10, 10, 5, 6, 8, 10]);
  });

  it('begins and ends by the clock', async () => {
    const [from, until] = [1, 2].map((hours) => new Date(Date.now() + hours * 3_600_000));
    await set({ accountId, from: from!.toISOString(), until: until!.toISOString() });
    const clock = own.service.app.get(Clock);
    const costAt = async (time: Date, ms: number) => {
      const now = jest.spyOn(clock, 'now').mockReturnValue(new Date(time.getTime() + ms));
      const { creditCost } = await quote();
      now.mockRestore();
      return creditCost;
    };
    expect(await costAt(from!, -1)).toBe(10);
    expect(await costAt(from!, 0)).toBe(7);
    expect(await costAt(until!, -1)).toBe(7);
    expect(await costAt(until!, 0)).toBe(10);
  });

  it('is the catalogue’s again once the other is ended', async () => {
    const { id } = await set({ accountId });
    expect(await cost()).toBe(7);
    await own.ask(admin.price.end, { id });
    expect(await cost()).toBe(10);
  });

  it('decides the choice by cost, as it is for the account that asks', async () => {
    await set({ accountId, provider: 'pencil', price: { base: 1 } });
    const cheapest = aRequest({ priority: 'COST' });
    expect(await create({}, cheapest)).toMatchObject({ provider: 'pencil', creditCost: 1 });
    expect(await create({ accountId: own.ids.next('acc') }, cheapest)).toMatchObject({ provider: 'brush' });
  });

  it('is frozen when it is accepted: what is captured is that, whatever is set meanwhile', async () => {
    const reports = reportsTo(own);
    await set({ accountId });
    const ids = await own.accepted({ accountId });
    await set({ accountId, price: { base: 500 } });
    await reports.begin(ids);
    await reports.completed(ids);
    const captured = new Set([{ generationId: ids.id, outcome: 'CAPTURE', credits: 7 }]);
    await waitFor(() => expect(own.standIns.told(billing.settle)).toEqual(captured));
  });

  it('is the account’s own also of the model that it moves to', async () => {
    const reports = reportsTo(own);
    await set({ accountId, price: { base: 1 } });
    await set({ plan: 'PRO', provider: 'pencil', price: { base: 30 } });
    const ids = await own.accepted({ accountId, input: aRequest({ priority: 'COST' }) });
    await reports.begin(ids);
    await reports.failed(ids, 'one', FAILURE);
    const [moved] = await own.sql('SELECT provider, credits::int FROM generations WHERE id = $1', [ids.id]);
    expect(moved).toEqual({ provider: 'pencil', credits: 30 });
    expect(own.standIns.saw(billing.raise)).toMatchObject([{ generationId: ids.id, credits: 30 }]);
  });
});

describe('a quote', () => {
  it('tells the account’s own price, and keeps it when another is set', async () => {
    await set({ accountId });
    const quoted = await quote();
    expect(quoted.creditCost).toBe(7);
    await set({ accountId, price: { base: 500 } });
    expect((await quote()).creditCost).toBe(500);
    expect(await cost({}, aRequest({ provider: 'brush', quoteId: quoted.id }))).toBe(7);
    expect(held()).toEqual([7]);
  });
});

describe('an operator', () => {
  it('is heard by each replica, which need not look for it', async () => {
    const replica = await own.startReplica();
    const prices = () =>
      [own.service, replica].map(({ app }) => {
        const [brush] = app.get(CatalogueService).candidates('VIDEO', 'test', { accountId, plan: 'PRO' });
        return brush!.model.price.base;
      });
    expect(prices()).toEqual([10, 10]);
    const { id } = await set({ plan: 'PRO' });
    await waitFor(() => expect(prices()).toEqual([7, 7]));
    await own.ask(admin.price.end, { id });
    await waitFor(() => expect(prices()).toEqual([10, 10]));
    await replica.stop();
  });

  it('leaves in the audit who set what in place of what, and who ended it; once', async () => {
    const first = await set({ accountId });
    const second = await set({ accountId, provider: 'pinsel', price: { base: 8 } });
    const ended = await own.ask(admin.price.end, { id: second.id });
    expect(await own.ask(admin.price.end, { id: second.id })).toEqual(ended);
    expect((await audit()).slice(0, 3)).toMatchObject([
      {
        actor: 'admin',
        action: 'price.end',
        accountId,
        before: { id: second.id, until: null },
        after: { until: ended.until },
      },
      {
        action: 'price.set',
        before: { id: first.id, price: { base: 7 } },
        after: { id: second.id, price: { base: 8 } },
      },
      { action: 'price.set', target: 'brush', accountId, before: null, after: { id: first.id, price: { base: 7 } } },
    ]);
    const ofThisAccount = (await audit()).filter((entry) => entry.accountId === accountId);
    expect(ofThisAccount.map(({ action }) => action)).toEqual(['price.end', 'price.set', 'price.set']);
  });

  it('can end one before it begins, and it never does', async () => {
    const from = new Date(Date.now() + 3_600_000).toISOString();
    const { id } = await set({ accountId, from });
    expect(await own.ask(admin.price.end, { id })).toMatchObject({ from, until: from });
    expect(await list()).toEqual([]);
  });

  it('sees those that hold or will, the newest first, and those that are over on demand', async () => {
    const [of, plan] = [await set({ accountId }), await set({ plan: 'FREE', provider: 'pencil' })];
    const over = await own.ask(admin.price.end, { id: (await set({ accountId })).id });
    expect(await list()).toEqual([plan, of]);
    expect(await list({ accountId })).toEqual([of]);
    expect(await list({ plan: 'FREE' })).toEqual([plan]);
    expect(await list({ provider: 'PINSEL' })).toEqual([of]);
    expect(await list({ accountId, past: true })).toEqual([over, of]);
    expect(await list({ first: 1 })).toEqual([plan]);
  });

  it.each<[string, Partial<Set>, string, string]>([
    ['for nobody', {}, 'INVALID_INPUT', 'accountId'],
    ['of a provider that there is not', { plan: 'PRO', provider: 'marble' }, 'NOT_FOUND', 'provider'],
    ['of a model that there is not', { plan: 'PRO', model: 'brush-9' }, 'NOT_FOUND', 'model'],
    ['that is over before it begins', { plan: 'PRO', until: '2025-01-01T00:00:00.000Z' }, 'INVALID_INPUT', 'until'],
    [
      'by an option that no model has',
      { plan: 'PRO', price: { base: 1, multipliers: { quality: { high: 2 } } } },
      'INVALID_INPUT',
      'price.multipliers.quality',
    ],
    [
      'by an option of which every object has something of the name',
      { plan: 'PRO', price: { base: 1, multipliers: { constructor: { high: 2 } } } },
      'INVALID_INPUT',
      'price.multipliers.constructor',
    ],
    [
      'by a value that no model takes',
      { plan: 'PRO', price: { base: 1, multipliers: { resolution: { '4k': 2 } } } },
      'INVALID_INPUT',
      'price.multipliers.resolution',
    ],
  ])('is refused a price %s, and nothing is kept', async (_, wanted, code, field) => {
    const before = (await audit()).length;
    await expect(set(wanted)).rejects.toMatchObject({ code, body: { field } });
    expect([await list(), (await audit()).length]).toEqual([[], before]);
  });

  it('is refused a price for both an account and a plan, and for an account that there is not', async () => {
    await expect(set({ accountId, plan: 'PRO' })).rejects.toMatchObject({ body: { field: 'accountId' } });
    own.standIns.refuse(billing.account, 'NOT_FOUND', 'There is no such account.');
    await expect(set({ accountId })).rejects.toBeInstanceOf(DoitongError);
    await expect(own.ask(admin.price.end, { id: 1e9 })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(await list()).toEqual([]);
  });
});
