import { cpus } from 'node:os';
import Table from 'cli-table3';
import type { BenchPlatform } from './bench-platform.js';
import { serviceNames } from './bench-platform.js';
import type { Measured } from './load.js';
import { rssMb } from './memory.js';

export const round = (value: number) => (value >= 100 ? Math.round(value) : Math.round(value * 10) / 10);

/** What was measured beside its floor of the same run, and the memory of each process at the end. */
export function report(
  title: string,
  unit: string,
  measured: Measured,
  floor: Measured,
  { platform }: BenchPlatform,
): void {
  const results = new Table({ head: ['', unit, 'p50 ms', 'p99 ms', 'of the floor'], style: { head: [], border: [] } });
  const row = (name: string, { perSecond, p50, p99 }: Measured) => [
    name,
    round(perSecond),
    round(p50),
    round(p99),
    (perSecond / floor.perSecond).toFixed(2),
  ];
  results.push(row('platform', measured), row('floor: its SQL alone', floor));
  const memory = new Table({ head: ['process', 'RSS MB'], style: { head: [], border: [] } });
  for (const name of serviceNames) {
    for (const { pid } of platform.processes(name)) memory.push([name, Math.round(rssMb(pid))]);
  }
  process.stdout.write(`\n${title} (${cpus().length} cores, load generator beside it)\n${results}\n${memory}\n`);
}
