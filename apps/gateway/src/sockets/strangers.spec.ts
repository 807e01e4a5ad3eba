import { expect, it } from '@jest/globals';
import { Strangers } from './strangers.js';

it('an address may have fifty strangers at once, and one more for each that is known by now, however often that is said', () => {
  const strangers = new Strangers();
  const known = Array.from({ length: 50 }, () => strangers.add('198.51.100.1')!);
  expect(strangers.add('198.51.100.1')).toBeUndefined();
  expect(strangers.add('198.51.100.2')).toBeDefined();
  known[0]!();
  known[0]!();
  expect(strangers.add('198.51.100.1')).toBeDefined();
  expect(strangers.add('198.51.100.1')).toBeUndefined();
});

it('all addresses together may have two thousand', () => {
  const strangers = new Strangers();
  const added = Array.from({ length: 2_001 }, (_, n) => strangers.add(`198.51.${n >> 8}.${n % 256}`));
  expect(added.filter((one) => one === undefined)).toHaveLength(1);
  added[0]!();
  expect(strangers.add('203.0.113.1')).toBeDefined();
});
