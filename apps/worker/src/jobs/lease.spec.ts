import { eventually } from '@doitong/support';
import { afterAll, expect, it } from '@jest/globals';
import { heardReports, holder, silent } from '../__fixtures__/attempt.js';
import { Lease } from './lease.js';

const leases: Lease[] = [];
afterAll(() => {
  for (const lease of leases) lease.end();
});

function hold({ expectedMs, leaseMs, live }: { expectedMs: number; leaseMs: number; live?: boolean }) {
  const { heard, reports } = heardReports({ live });
  const lease = new Lease(holder, expectedMs, leaseMs, reports, silent);
  leases.push(lease);
  return { lease, told: () => heard.map(({ body }) => (body as { progress: number }).progress) };
}

// Together: they wait for the same seconds.
it.concurrent('tells progress that only grows, in steps, and never that it is done', async () => {
  const { lease, told } = hold({ expectedMs: 3_600_000, leaseMs: 3_600_000 });
  lease.progressed(40);
  await eventually(() => told().length === 1);
  lease.progressed(20);
  lease.progressed(43);
  await new Promise((resolve) => setTimeout(resolve, 1_200));
  expect(told()).toEqual([40]);
  lease.progressed(100);
  await eventually(() => told().length === 2);
  expect(told()).toEqual([40, 99]);
});

it.concurrent('estimates progress up to 90 where the vendor tells none', async () => {
  const { told } = hold({ expectedMs: 1, leaseMs: 3_600_000 });
  await eventually(() => told().length === 1);
  expect(told()).toEqual([90]);
});

it.concurrent('is renewed within its time when there is nothing new to tell', async () => {
  const { told } = hold({ expectedMs: 3_600_000, leaseMs: 2_000 });
  await eventually(() => told().length === 2);
  expect(told()).toEqual([0, 0]);
});

it.concurrent('that was lost aborts the work', async () => {
  const { lease } = hold({ expectedMs: 1, leaseMs: 1_000, live: false });
  expect(lease.signal.aborted).toBe(false);
  await eventually(() => lease.signal.aborted);
});
