import { type Priority, priorities } from '@doitong/contracts';
import Table from 'cli-table3';
import { type Served, simulate } from './simulation/simulate.js';
import { incidents, vendors } from './simulation/world.js';

const CHOICES = 10_000;
const SEED = 1;
const plain = { style: { head: [], border: [] } };

interface Pair {
  priority: Priority;
  byManifest: Served[];
  measured: Served[];
}

/**
 * What the choice is worth: 10,000 choices over a day of outages, slowdowns, a revoked key and a change of price, for each priority,
 * beside what the manifests alone would have chosen. Each request is tried once.
 */
export async function choice(): Promise<void> {
  const pairs = priorities.map((priority): Pair => {
    const run = (learns: boolean) => simulate({ vendors, incidents, priority, choices: CHOICES, seed: SEED, learns });
    return { priority, byManifest: run(false), measured: run(true) };
  });
  print(`choice: ${CHOICES} over a day for each priority, seed ${SEED}`, results(pairs));
  print('failed by an incident, by the manifests → measured', losses(pairs));
  print('what was chosen how often, by the manifests → measured', chosen(pairs));
}

function print(title: string, table: InstanceType<typeof Table>): void {
  process.stdout.write(`\n${title}\n${table}\n`);
}

function results(pairs: Pair[]) {
  const head = ['priority', 'choice', 'succeeded', 'failed', 'refused', 'mean seconds', 'mean credits'];
  const table = new Table({ head, ...plain });
  for (const { priority, byManifest, measured } of pairs) {
    table.push([priority, 'by the manifests', ...summary(byManifest)], ['', 'measured', ...summary(measured)]);
  }
  return table;
}

/** Seconds and credits are those of what succeeded. */
function summary(served: Served[]) {
  const good = served.filter(({ succeeded }) => succeeded);
  const refused = served.filter((one) => one.chosen === null).length;
  const mean = (of: (one: Served) => number) => good.reduce((sum, one) => sum + of(one), 0) / good.length;
  return [
    `${((good.length / served.length) * 100).toFixed(2)} %`,
    served.length - good.length - refused,
    refused,
    mean(({ seconds }) => seconds).toFixed(1),
    mean(({ credits }) => credits).toFixed(1),
  ];
}

function losses(pairs: Pair[]) {
  const table = new Table({ head: ['incident', 'hours', ...priorities], ...plain });
  const lost = (served: Served[], name: string) => served.filter(({ incident }) => incident === name).length;
  for (const { name, fromHour, toHour } of incidents.filter(({ fails }) => fails)) {
    const cells = pairs.map(({ byManifest, measured }) => `${lost(byManifest, name)} → ${lost(measured, name)}`);
    table.push([name, `${fromHour} to ${toHour}`, ...cells]);
  }
  return table;
}

function chosen(pairs: Pair[]) {
  const table = new Table({ head: ['model', ...priorities], ...plain });
  const all = pairs.flatMap(({ byManifest, measured }) => [...byManifest, ...measured]);
  const names = [...new Set(all.flatMap((one) => one.chosen ?? []))].sort();
  const often = (served: Served[], name: string) => served.filter((one) => one.chosen === name).length;
  for (const name of names) {
    table.push([name, ...pairs.map((pair) => `${often(pair.byManifest, name)} → ${often(pair.measured, name)}`)]);
  }
  return table;
}
