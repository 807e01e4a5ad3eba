import { expect, it } from '@jest/globals';
import { priceOf } from './price.js';

it.each(['constructor', 'toString', '__proto__', 'none'])(
  'an option whose value is "%s" has no factor unless one is set for it',
  (style) => {
    const price = { base: 10, multipliers: { style: { noir: 2 } } };
    expect(priceOf(price, {}, { style })).toBe(10);
    expect(priceOf(price, {}, { style: 'noir' })).toBe(20);
  },
);
