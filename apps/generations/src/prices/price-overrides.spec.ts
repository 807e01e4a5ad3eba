import { expect, it } from '@jest/globals';
import { aModel } from '../__fixtures__/manifests.js';
import { PriceOverrides, type PriceRow } from './price-overrides.js';

const account = { accountId: 'acc_1', plan: 'PRO' } as const;
const FROM = new Date('2025-02-01T00:00:00.000Z');
const UNTIL = new Date('2025-03-01T00:00:00.000Z');
const justBefore = (at: Date) => new Date(at.getTime() - 1);

const row = (id: number, changes: Partial<PriceRow>): PriceRow => ({
  id,
  accountId: null,
  plan: null,
  provider: 'brush',
  model: null,
  price: { base: id },
  from: FROM,
  until: null,
  ...changes,
});
const pricing = (rows: PriceRow[], now = FROM, of: Parameters<PriceOverrides['pricing']>[0] = account) =>
  new PriceOverrides(rows).pricing(of, now)('brush', aModel('brush-1', { price: { base: 100 } })).price.base;

it('a price holds from its first instant on, and not at the instant at which it ends', () => {
  const rows = [row(1, { plan: 'PRO', until: UNTIL })];
  expect([justBefore(FROM), FROM, justBefore(UNTIL), UNTIL].map((now) => pricing(rows, now))).toEqual([100, 1, 1, 100]);
});

it('when a more specific or a newer one is over, the next one holds again', () => {
  const rows = [
    row(1, { plan: 'PRO' }),
    row(2, { plan: 'PRO', from: UNTIL }),
    row(3, { accountId: 'acc_1', until: UNTIL }),
    row(4, { accountId: 'acc_1', model: 'brush-1', until: new Date('2025-02-10T00:00:00.000Z') }),
  ];
  const at = ['2025-02-01', '2025-02-10', '2025-03-01'].map((day) => pricing(rows, new Date(day)));
  expect(at).toEqual([4, 3, 2]);
});

it('is the account’s before its plan’s, then the model’s before its provider’s, then the one that was set last', () => {
  const inOrder = [
    row(1, { accountId: 'acc_1', model: 'brush-1' }),
    row(5, { accountId: 'acc_1' }),
    row(4, { accountId: 'acc_1' }),
    row(7, { plan: 'PRO', model: 'brush-1' }),
    row(9, { plan: 'PRO' }),
  ];
  for (let left = inOrder; left.length > 0; left = left.slice(1)) {
    expect(pricing([...left].reverse())).toBe(left[0]!.id);
    expect(pricing(left)).toBe(left[0]!.id);
  }
});

it('is nobody else’s: not of another account, plan, provider or model', () => {
  const others: Partial<PriceRow>[] = [
    { accountId: 'acc_2' },
    { plan: 'FREE' },
    { plan: 'PRO', provider: 'pencil' },
    { plan: 'PRO', model: 'brush-2' },
  ];
  expect(pricing(others.map((changes, at) => row(at + 1, changes)))).toBe(100);
  expect(pricing([row(1, { plan: 'PRO' })], FROM, { accountId: 'acc_1', plan: null })).toBe(100);
});
