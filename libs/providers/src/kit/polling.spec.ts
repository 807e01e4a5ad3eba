import { expect, it } from '@jest/globals';
import { pollDelays } from './polling.js';

const delays = (count: number, options: Parameters<typeof pollDelays>[0]) => {
  const schedule = pollDelays({ random: () => 0, ...options });
  return Array.from({ length: count }, () => schedule.next().value);
};

it('polls first at the expected time, then after a twentieth of what has passed', () => {
  expect(delays(3, { expectedMs: 100_000 })).toEqual([100_000, 5_000, 5_250]);
});

it('waits from 1 to 15 seconds between polls', () => {
  expect(delays(2, { expectedMs: 4_000 })).toEqual([4_000, 1_000]);
  expect(delays(2, { expectedMs: 600_000 })).toEqual([600_000, 15_000]);
});

it('a resumed task waits for what is left of the expected time, and not at all past it', () => {
  expect(delays(2, { expectedMs: 100_000, elapsedMs: 60_000 })).toEqual([40_000, 5_000]);
  expect(delays(1, { expectedMs: 100_000, elapsedMs: 200_000 })).toEqual([10_000]);
});

it('the sandbox’s speed scales all of it, and never to a busy loop', () => {
  expect(delays(2, { expectedMs: 100_000, scale: 0.01 })).toEqual([1_000, 50]);
  expect(delays(2, { expectedMs: 100_000, scale: 0 })).toEqual([20, 20]);
});

it('chance delays by up to a tenth and never polls too soon', () => {
  expect(delays(1, { expectedMs: 10_000, random: () => 0.99 })[0]).toBeGreaterThan(10_000);
  expect(delays(1, { expectedMs: 10_000, random: () => 0.99 })[0]).toBeLessThanOrEqual(11_000);
});
