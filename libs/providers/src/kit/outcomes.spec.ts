import { expect, it } from '@jest/globals';
import { retryAfterMs } from './outcomes.js';

const now = Date.parse('2026-01-01T00:00:00Z');

it.each([
  ['30', 30_000],
  ['1.5', 1_500],
  ['Thu, 01 Jan 2026 00:01:00 GMT', 60_000],
  ['Wed, 31 Dec 2025 23:59:00 GMT', 0],
  ['soon', undefined],
  ['', undefined],
])('Retry-After %p is %p milliseconds', (header, ms) => {
  expect(retryAfterMs(header, now)).toBe(ms);
});
