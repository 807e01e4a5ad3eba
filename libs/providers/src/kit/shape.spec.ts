import { describe, expect, it } from '@jest/globals';
import Type from 'typebox';
import { Id, maybe, microUsd, own, shaped } from './shape.js';

const Answer = Type.Object({
  id: Id,
  cost: maybe(Type.Number()),
  url: maybe(Type.String()),
  parts: maybe(Type.Array(Type.Object({ size: maybe(Type.Number()) }))),
});

describe('an answer', () => {
  it.each<[string, object, object]>([
    ['a number as text', { cost: '2.5' }, { cost: 2.5 }],
    ['no number', { cost: 'two' }, { cost: undefined }],
    ['a number that is unclear', { cost: '1,5' }, { cost: undefined }],
    ['null', { url: null }, { url: undefined }],
    ['another type', { url: 7 }, { url: undefined }],
    ['a list with another shape', { parts: 'none' }, { parts: undefined }],
    [
      'something odd further in',
      { parts: [{ size: {} }, { size: '3' }] },
      { parts: [{ size: undefined }, { size: 3 }] },
    ],
  ])('is not lost by %s in a field that we can do without', (_, given, read) => {
    expect(shaped(Answer, { id: 'x', ...given })).toEqual({ id: 'x', ...read });
  });

  it.each([{}, { id: '' }, { id: null }, { id: {} }, [], 'x', null])('without what is needed is none: %j', (given) => {
    expect(shaped(Answer, given)).toBeUndefined();
  });

  it('may have a number for an id', () => {
    expect(shaped(Answer, { id: 7 })).toEqual({ id: 7 });
  });
});

it.each(['constructor', '__proto__', 'toString', undefined])('%s is in no table', (key) => {
  expect(own({ known: 1 }, key)).toBeUndefined();
});

it.each([
  [2.5, 25_000],
  [0, 0],
  [-1, undefined],
  [1e300, undefined],
  [Number.NaN, undefined],
  [undefined, undefined],
])('a cost of %p units is %p micro-USD', (amount, cost) => {
  expect(microUsd(amount, 10_000)).toBe(cost);
});
