import { expect, it } from '@jest/globals';
import { table } from './table.js';

it.each(['constructor', '__proto__', 'toString', 'unknown'])('%s is in no table', (name) => {
  expect(table({ known: 1 })[name]).toBeUndefined();
});
