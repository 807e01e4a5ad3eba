import type { Price } from '@doitong/contracts';
import { families } from '@doitong/providers';
import { expect, it } from '@jest/globals';
import { aFamily, aModel, aProvider } from '../__fixtures__/manifests.js';
import { fallsOf, pricesOf } from './price-falls.js';

const familyWith = (price: Price) =>
  aFamily('painters', aProvider('brush', { models: [aModel('brush-1', { price })] }));
/** From what to what the price of the request falls of which that is most so; none where no operator is to be asked. */
const fall = (before: Price, after: Price) =>
  fallsOf(pricesOf(familyWith(before)), familyWith(after)).map(({ from, to }) => [from, to]);

it.each(Object.entries(families))('no price of %s needs an operator, be the family new or known', (_, { manifest }) => {
  expect(fallsOf([], manifest)).toEqual([]);
  expect(fallsOf(pricesOf(manifest), manifest)).toEqual([]);
});

it.each<[string, Price, Price, number[][]]>([
  ['is the half', { base: 10 }, { base: 5 }, []],
  ['is less than half', { base: 10 }, { base: 4 }, [[10, 4]]],
  ['rises', { base: 10 }, { base: 50 }, []],
  ['goes by seconds now, and is as much for the shortest', { base: 60 }, { base: 0, perSecond: 10 }, []],
  ['falls by the second only', { base: 0, perSecond: 10 }, { base: 0, perSecond: 4 }, [[60, 24]]],
  ['falls by the length of the text only', { base: 10, perThousandCharacters: 90 }, { base: 10 }, [[100, 10]]],
  [
    'falls for one value of an option',
    { base: 10 },
    { base: 10, multipliers: { resolution: { '1080p': 0.1 } } },
    [[10, 1]],
  ],
  [
    'loses what made one value dearer',
    { base: 10, multipliers: { resolution: { '1080p': 4 } } },
    { base: 10 },
    [[40, 10]],
  ],
])('a price that %s', (_what, before, after, expected) => {
  expect(fall(before, after)).toEqual(expected);
});
