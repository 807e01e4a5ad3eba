import { parseArgs } from 'node:util';

const scenarios = ['kill', 'stop', 'pg', 'nats', 'disk', 'rolling', 'mixed'] as const;
export type Scenario = (typeof scenarios)[number];

/** What a run is asked to do. */
export interface Plan {
  /** All that is drawn comes of it: requests, markers, faults. When each of them meets the other is the machine's. */
  seed: number;
  /** Requests that clients make. */
  generations: number;
  /** For how long faults are made. */
  seconds: number;
  scenario: Scenario;
  /** Processes of each service. */
  replicas: number;
  /** Where what all processes wrote is left, one file each; absent: nowhere. */
  logs?: string;
}

export const USAGE = `npm run chaos -- [--seed N] [--generations N] [--seconds N] [--replicas N] [--scenario ${scenarios.join('|')}] [--logs FOLDER]`;

/** Throws an Error that says what is wrong and what is allowed. */
export function planOf(args: string[]): Plan {
  const { values } = parseArgs({
    args,
    options: {
      seed: { type: 'string', default: String(Math.floor(Math.random() * 1_000_000)) },
      generations: { type: 'string', default: '400' },
      seconds: { type: 'string', default: '120' },
      replicas: { type: 'string', default: '2' },
      scenario: { type: 'string', default: 'mixed' },
      logs: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) throw new Error('Breaks the platform while it works, and checks its promises.');
  const scenario = scenarios.find((one) => one === values.scenario);
  if (!scenario) throw new Error(`--scenario must be one of ${scenarios.join(', ')}`);
  return {
    scenario,
    logs: values.logs,
    seed: whole('seed', values.seed, 0),
    generations: whole('generations', values.generations, 1),
    seconds: whole('seconds', values.seconds, 1),
    replicas: whole('replicas', values.replicas, 1),
  };
}

function whole(name: string, text: string, least: number): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < least) throw new Error(`--${name} must be a whole number from ${least}`);
  return value;
}
