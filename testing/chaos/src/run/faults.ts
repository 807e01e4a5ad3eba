import type { ServiceName } from '@doitong/support';
import type { Fleet } from './fleet.js';
import type { Scenario } from './plan.js';

type Name = Exclude<Scenario, 'mixed'>;

/** Of all faults that `mixed` draws. Those of one process are the usual ones. */
const weights: Record<Name, number> = { kill: 8, stop: 4, rolling: 1, pg: 1, nats: 1, disk: 1 };

/** One fault, from its beginning to its end. */
export interface Fault {
  name: string;
  happen(fleet: Fleet): Promise<void>;
}

/** The next fault of a scenario. */
export function faultOf(scenario: Scenario, services: readonly ServiceName[], random: () => number): Fault {
  const between = (least: number, most: number) => Math.round(least + random() * (most - least));
  const one = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  const name = scenario === 'mixed' ? drawn(random) : scenario;
  const service = one(services);
  const at = random();
  const process = (fleet: Fleet) => {
    const all = fleet.platform.processes(service);
    return all[Math.floor(at * all.length)]!;
  };
  switch (name) {
    case 'kill': {
      const downMs = between(0, 3_000);
      return { name: `kill -9 of ${service}`, happen: (fleet) => fleet.kill(service, process(fleet), downMs) };
    }
    case 'stop': {
      const forMs = between(2_000, 12_000);
      const seconds = Math.round(forMs / 1_000);
      return {
        name: `standstill of ${service} for ${seconds} s`,
        happen: (fleet) => fleet.standStill(process(fleet), forMs),
      };
    }
    case 'rolling':
      return {
        name: 'rolling restart',
        async happen(fleet) {
          for (const each of services) {
            for (const old of [...fleet.platform.processes(each)]) await fleet.replace(each, old);
          }
        },
      };
    case 'pg': {
      const downMs = between(0, 4_000);
      return { name: 'PostgreSQL stopped hard', happen: (fleet) => fleet.crashPostgres(downMs) };
    }
    case 'nats':
      return {
        name: 'NATS restarted, its store deleted',
        happen: (fleet) => fleet.platform.nats.restart({ wipe: true }),
      };
    case 'disk': {
      const forMs = between(1_000, 6_000);
      return { name: 'asset disk away', happen: (fleet) => fleet.loseDisk(forMs) };
    }
  }
}

function drawn(random: () => number): Name {
  const all = Object.entries(weights) as [Name, number][];
  let left = random() * all.reduce((sum, [, weight]) => sum + weight, 0);
  for (const [name, weight] of all) {
    left -= weight;
    if (left < 0) return name;
  }
  return 'kill';
}
