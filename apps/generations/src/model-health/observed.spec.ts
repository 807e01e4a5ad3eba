import { describe, expect, it } from '@jest/globals';
import { added, faded, healthOf, nothing, type Observed } from './observed.js';

const EXPECTED = 60;
const success = { successes: 1, failures: 0, seconds: 30 };
const failure = { ...nothing, failures: 1 };
const rate = (observed: Observed) => healthOf(observed, EXPECTED).successRate;
const many = (count: number, one: Observed, from = nothing) =>
  Array.from({ length: count }).reduce<Observed>((sum) => added(sum, one), from);

describe('the health of a model', () => {
  it('is what its manifest says while nothing is known', () => {
    expect(healthOf(nothing, EXPECTED)).toEqual({ successRate: 0.97, seconds: EXPECTED });
  });

  it('is not ruined by one failure, and is by a few', () => {
    expect(rate(failure)).toBeGreaterThan(0.8);
    expect(rate(many(5, failure))).toBeLessThan(0.5);
  });

  it('turns after twenty failures, however much went well before', () => {
    const busy = many(10_000, success);
    expect(rate(busy)).toBeGreaterThan(0.98);
    expect(rate(many(20, failure, busy))).toBeLessThan(0.5);
  });

  it('comes to the seconds that were measured', () => {
    expect(healthOf(many(5, success), EXPECTED).seconds).toBe(45);
    expect(healthOf(many(200, success), EXPECTED).seconds).toBeCloseTo(36);
  });

  it('forgets half of what it knew every quarter of an hour', () => {
    const bad = many(20, failure);
    expect(faded(bad, 900_000).failures).toBeCloseTo(10);
    expect(rate(faded(bad, 2 * 3_600_000))).toBeGreaterThan(0.9);
  });

  it('does not grow with a clock that runs behind', () => {
    expect(faded(failure, -60_000)).toEqual(failure);
  });
});
