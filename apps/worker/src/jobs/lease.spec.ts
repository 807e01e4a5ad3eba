import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import { heardReports, holder, silent } from '../__fixtures__/attempt.js';
import { Lease } from './lease.js';

const HOUR_MS = 3_600_000;
const leases: Lease[] = [];
beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  for (const lease of leases.splice(0)) lease.end();
  jest.useRealTimers();
});

const seconds = (many: number) => jest.advanceTimersByTimeAsync(many * 1_000);

function hold({ expectedMs, leaseMs, live }: { expectedMs: number; leaseMs: number; live?: boolean }) {
  const { heard, reports } = heardReports({ live });
  const lease = new Lease(holder, expectedMs, leaseMs, reports, silent);
  leases.push(lease);
  return { lease, told: () => heard.map(({ body }) => (body as { progress: number }).progress) };
}

it('tells progress that only grows, in steps, and never that it is done', async () => {
  const { lease, told } = hold({ expectedMs: HOUR_MS, leaseMs: HOUR_MS });
  lease.progressed(40);
  await seconds(2);
  expect(told()).toEqual([40]);
  lease.progressed(20);
  lease.progressed(43);
  await seconds(60);
  expect(told()).toEqual([40]);
  lease.progressed(100);
  await seconds(60);
  expect(told()).toEqual([40, 99]);
});

it('estimates progress up to 90 where the vendor tells none', async () => {
  const { told } = hold({ expectedMs: 10_000, leaseMs: HOUR_MS });
  await seconds(5);
  expect(told().at(-1)).toBe(45);
  await seconds(60);
  expect(told().at(-1)).toBe(90);
});

it('is renewed thrice within its time when there is nothing new to tell', async () => {
  const { told } = hold({ expectedMs: 1_000 * HOUR_MS, leaseMs: 30_000 });
  await seconds(30);
  expect(told()).toEqual([0, 0, 0]);
});

it('that was lost aborts the work', async () => {
  const { lease } = hold({ expectedMs: 1, leaseMs: 1_000, live: false });
  expect(lease.signal.aborted).toBe(false);
  await seconds(2);
  expect(lease.signal.aborted).toBe(true);
});

it('that has ended is not renewed any more', async () => {
  const { lease, told } = hold({ expectedMs: HOUR_MS, leaseMs: 3_000 });
  lease.end();
  await seconds(60);
  expect(told()).toEqual([]);
});
