import { accountsOf, startBenchPlatform } from './bench-platform.js';
import { acceptFloor } from './floor.js';
import { GraphqlClient, measure } from './load.js';
import { cpuUse, report } from './report.js';

const LOAD = { concurrency: 64, seconds: 15, warmUpSeconds: 5 };
const GENERATE = 'mutation ($input: GenerateInput!) { generate(input: $input) { id status creditCost } }';

/**
 * How many `generate` a second are accepted, while the workers are saturated with slow tasks and the queue grows: each accepted
 * one is durable, has its slot and its hold.
 */
export async function accept(): Promise<void> {
  const bench = await startBenchPlatform({ SANDBOX_SPEED: '1', WORKER_CONCURRENCY: '1' });
  try {
    const keys = bench.customers.map(({ key }) => key);
    const client = new GraphqlClient(bench.platform.gatewayUrl, keys, LOAD.concurrency);
    const cpuBefore = cpuUse(bench);
    const measured = await measure(async (n) => {
      const input = { type: 'VIDEO', provider: 'minimax', input: { text: `a red fox in snow ${n}` } };
      await client.post(GENERATE, { input }, n);
    }, LOAD);
    const cpuAfter = cpuUse(bench);
    await client.close();
    const floor = await acceptFloor(bench.platform.databaseUrl, accountsOf(bench), LOAD);
    report(
      'accept: generate until it is durable',
      'accepted/s',
      { measured, floor, floorIs: 'its SQL alone', cpuBefore, cpuAfter },
      bench,
    );
  } finally {
    await bench.stop();
  }
}
