import { describe, expect, it } from '@jest/globals';
import { Randomness } from '../randomness.js';
import { RetrySchedule, retryAfterMs } from './retry-schedule.js';

class Fixed extends Randomness {
  constructor(private readonly value: number) {
    super();
  }
  override fraction(): number {
    return this.value;
  }
}

const scheduled = (fraction: number, scale = 1) => new RetrySchedule(scale, new Fixed(fraction));
const waits = (schedule: RetrySchedule) =>
  [1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map((number) => {
    const verdict = schedule.verdict(number, 500, 0);
    return verdict.status === 'PENDING' ? verdict.waitMs / 1_000 : verdict.status;
  });

const PUBLISHED_SECONDS = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];

describe('the retry schedule', () => {
  it('is the published one, and ends in a dead letter after the tenth try', () => {
    expect(waits(scheduled(0.5))).toEqual([...PUBLISHED_SECONDS, 'DEAD']);
  });

  it('varies by a fifth both ways', () => {
    expect(waits(scheduled(0))).toEqual([...PUBLISHED_SECONDS.map((seconds) => seconds * 0.8), 'DEAD']);
    expect(waits(scheduled(1))).toEqual([...PUBLISHED_SECONDS.map((seconds) => seconds * 1.2), 'DEAD']);
  });

  it('scales as a whole', () => {
    expect(waits(scheduled(0.5, 0.01)).slice(0, 3)).toEqual([0.05, 3, 18]);
  });

  it.each([200, 202, 204, 299])('ends with %i', (status) => {
    expect(scheduled(0.5).verdict(3, status, 0)).toEqual({ status: 'DELIVERED' });
  });

  it.each([null, 100, 301, 302, 307, 400, 404, 429, 500, 503])('goes on after %p', (status) => {
    expect(scheduled(0.5).verdict(1, status, 0)).toEqual({ status: 'PENDING', waitMs: 5_000 });
  });

  it('gives up at once on 410', () => {
    expect(scheduled(0.5).verdict(1, 410, 0)).toEqual({ status: 'DEAD' });
  });

  it('waits for longer when Retry-After asks for it, up to a day, and never for less', () => {
    const wait = (asked: number) => scheduled(0.5).verdict(2, 429, asked);
    expect(wait(600_000)).toEqual({ status: 'PENDING', waitMs: 600_000 });
    expect(wait(1_000)).toEqual({ status: 'PENDING', waitMs: 300_000 });
    expect(wait(Number.MAX_VALUE)).toEqual({ status: 'PENDING', waitMs: 86_400_000 });
  });
});

it.each([
  [undefined, 0],
  ['120', 120_000],
  ['Wed, 21 Oct 2026 07:28:30 GMT', 30_000],
  ['Wed, 21 Oct 2026 07:27:00 GMT', 0],
  ['soon', 0],
])('Retry-After %p asks for %p ms', (header, expected) => {
  expect(retryAfterMs(header, new Date('2026-10-21T07:28:00Z'))).toBe(expected);
});
