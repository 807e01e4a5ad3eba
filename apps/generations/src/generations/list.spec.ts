import { type Generation, generations, type Mode, type RequestOf } from '@doitong/contracts';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { aFamily, aModel, aProvider, aRequest } from '../__fixtures__/manifests.js';
import { startGenerations, type TestGenerations } from '../__fixtures__/start-generations.js';

type Listed = RequestOf<typeof generations.list>;

let own: TestGenerations;
beforeAll(async () => {
  own = await startGenerations();
  await own.announce(aFamily('printers', aProvider('press', { type: 'IMAGE', models: [aModel('press-1')] })), 'two');
  await own.announce(aFamily('painters', aProvider('brush', { aliases: ['bristle'] })));
});
afterAll(() => own.stop());
beforeEach(() => own.clear());

const list = (changes: Partial<Listed> = {}) =>
  own.ask(generations.list, { accountId: own.accountId, mode: 'test', filter: {}, first: 100, ...changes });
const idsOf = async (filter: Listed['filter'], changes: Partial<Listed> = {}) =>
  (await list({ filter, ...changes })).generations.map(({ id }) => id);

async function createMany(many: number): Promise<Generation[]> {
  const created: Generation[] = [];
  for (let n = 0; n < many; n++) created.push(await own.create());
  return created;
}

describe('a list of generations', () => {
  it('is newest first, and its pages hold each of them once although new ones come in between', async () => {
    const newestFirst = (await createMany(7)).map(({ id }) => id).reverse();
    const seen: string[] = [];
    let after: string | undefined;
    for (let more = true; more; ) {
      const page = await list({ first: 3, after });
      seen.push(...page.generations.map(({ id }) => id));
      ({ more } = page);
      after = seen.at(-1);
      await own.create();
    }
    expect(seen).toEqual(newestFirst);
  });

  it('says that more are left only when there are', async () => {
    expect(await list()).toEqual({ generations: [], more: false });
    const [oldest] = await createMany(2);
    expect(await list({ first: 1 })).toMatchObject({ more: true });
    expect(await list({ first: 2 })).toMatchObject({ more: false });
    expect(await list({ after: oldest!.id })).toEqual({ generations: [], more: false });
  });

  it('holds fewer than were asked for where so many do not fit into one reply, and goes on behind them', async () => {
    const newestFirst = (await createMany(4)).map(({ id }) => id).reverse();
    await own.sql('UPDATE generations SET adjustments = $1', [JSON.stringify(['x'.repeat(300_000)])]);
    const page = await list();
    expect(page).toMatchObject({ generations: newestFirst.slice(0, 2).map((id) => ({ id })), more: true });
    expect(await idsOf({}, { after: newestFirst[1] })).toEqual(newestFirst.slice(2));
  });

  it('holds none of another account’s, nor goes on from one of theirs', async () => {
    const [mine] = await createMany(1);
    const accountId = own.ids.next('acc');
    const theirs = await own.create({ accountId });
    expect(await idsOf({})).toEqual([mine!.id]);
    expect(await idsOf({}, { after: theirs.id })).toEqual([mine!.id]);
    expect(await idsOf({}, { accountId })).toEqual([theirs.id]);
  });

  it('is filtered by type, status, and provider, also by its alias', async () => {
    const [brush, cancelled] = await createMany(2);
    const press = await own.create({ input: aRequest({ type: 'IMAGE', provider: 'press' }) });
    await own.ask(generations.cancel, { accountId: own.accountId, mode: 'test', id: cancelled!.id });
    expect(await idsOf({ type: 'IMAGE' })).toEqual([press.id]);
    expect(await idsOf({ status: ['CANCELLED'] })).toEqual([cancelled!.id]);
    expect(await idsOf({ status: ['CANCELLED', 'QUEUED'] })).toEqual([press.id, cancelled!.id, brush!.id]);
    expect(await idsOf({ status: [] })).toEqual([]);
    expect(await idsOf({ provider: 'Bristle' })).toEqual([cancelled!.id, brush!.id]);
    expect(await idsOf({ provider: 'gone-by' })).toEqual([]);
    expect(await idsOf({ type: 'VIDEO', status: ['QUEUED'], provider: 'brush' })).toEqual([brush!.id]);
  });

  it('is filtered by createdAt as customers see it, to the millisecond and without its bounds', async () => {
    const [first, second, third] = await createMany(3);
    const at = ['2026-03-01T12:00:00.000', '2026-03-01T12:00:00.001', '2026-03-01T12:00:00.002'];
    await own.sql('DELETE FROM attempts');
    for (const [index, { id }] of [first!, second!, third!].entries()) {
      const time = Date.parse(`${at[index]}Z`).toString(16).padStart(12, '0');
      await own.sql(`UPDATE generations SET id = 'gen_' || $2 || substr(id, 17), created_at = $3 WHERE id = $1`, [
        id,
        time,
        // Customers do not see the microseconds.
        `${at[index]}400Z`,
      ]);
    }
    const seen = async (filter: Listed['filter']) =>
      (await list({ filter })).generations.map(({ createdAt }) => createdAt);
    expect(await seen({ createdAfter: `${at[0]}Z` })).toEqual([`${at[2]}Z`, `${at[1]}Z`]);
    expect(await seen({ createdBefore: `${at[2]}Z` })).toEqual([`${at[1]}Z`, `${at[0]}Z`]);
    expect(await seen({ createdAfter: `${at[0]}Z`, createdBefore: `${at[2]}Z` })).toEqual([`${at[1]}Z`]);
    expect(await seen({ createdAfter: `${at[2]}Z` })).toEqual([]);
    expect(await seen({ createdBefore: '1969-01-01T00:00:00.000Z' })).toEqual([]);
  });
});

describe('live and test keys', () => {
  const of = (mode: Mode, id: string) => ({ accountId: own.accountId, mode, id });
  const notFound = { code: 'NOT_FOUND' };

  it.each([
    ['live', 'test'],
    ['test', 'live'],
  ] as const)('see and cancel nothing of each other: what %s keys made, %s keys do not find', async (mode, other) => {
    const { id } = await own.create({ mode });
    await expect(own.ask(generations.get, of(other, id))).rejects.toMatchObject(notFound);
    await expect(own.ask(generations.cancel, of(other, id))).rejects.toMatchObject(notFound);
    expect(await idsOf({}, { mode: other })).toEqual([]);
    expect(await idsOf({}, { mode })).toEqual([id]);
    expect(await own.ask(generations.get, of(mode, id))).toMatchObject({ id, status: 'QUEUED' });
    expect(await own.ask(generations.cancel, of(mode, id))).toEqual({ cancelled: true });
  });

  it('have idempotency keys of their own: the same one names two requests, each with its own repeat', async () => {
    const [live, test] = [own.keyed('order-1', { mode: 'live' }), own.keyed('order-1', { mode: 'test' })];
    const [first, second] = [await live(), await test()];
    expect([first.mode, second.mode]).toEqual(['live', 'test']);
    expect([(await live()).id, (await test()).id]).toEqual([first.id, second.id]);
  });
});
