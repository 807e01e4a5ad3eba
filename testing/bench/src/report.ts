import { cpus } from 'node:os';
import Table from 'cli-table3';
import { type BenchPlatform, serviceNames } from './bench-platform.js';
import type { Measured } from './load.js';
import { cpuSeconds, rssMb } from './processes.js';

const round = (value: number) => (value >= 100 ? Math.round(value) : Math.round(value * 10) / 10);
const plain = { style: { head: [], border: [] } };

/** CPU seconds of each process so far, by process id; of this one too. */
export type CpuUse = Map<number, number>;

export function cpuUse({ platform }: BenchPlatform): CpuUse {
  const pids = serviceNames.flatMap((name) => platform.processes(name).map(({ pid }) => pid));
  return new Map([...pids, process.pid].map((pid) => [pid, cpuSeconds(pid)]));
}

/** What was measured beside its floor of the same run, and what each process took for it. */
export function report(
  title: string,
  unit: string,
  {
    measured,
    floor,
    floorIs,
    cpuBefore,
    cpuAfter,
  }: { measured: Measured; floor: Measured; floorIs: string; cpuBefore: CpuUse; cpuAfter: CpuUse },
  { platform }: BenchPlatform,
): void {
  const results = new Table({ head: ['', unit, 'p50 ms', 'p99 ms', 'of the floor'], ...plain });
  const row = (name: string, { perSecond, p50, p99 }: Measured) => [
    name,
    round(perSecond),
    round(p50),
    round(p99),
    (perSecond / floor.perSecond).toFixed(2),
  ];
  results.push(row('platform', measured), row(`floor: ${floorIs}`, floor));

  const processes = new Table({ head: ['process', 'RSS MB', 'CPU ms each'], ...plain });
  const cpuEach = (pid: number) => (((cpuAfter.get(pid) ?? 0) - (cpuBefore.get(pid) ?? 0)) * 1_000) / measured.count;
  for (const name of serviceNames) {
    for (const { pid } of platform.processes(name))
      processes.push([name, Math.round(rssMb(pid)), cpuEach(pid).toFixed(2)]);
  }
  processes.push(['load generator', Math.round(rssMb(process.pid)), cpuEach(process.pid).toFixed(2)]);
  process.stdout.write(`\n${title} (${cpus().length} cores, load generator beside it)\n${results}\n${processes}\n`);
}
