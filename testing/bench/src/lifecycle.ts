import { setTimeout as sleep } from 'node:timers/promises';
import type { BenchPlatform } from './bench-platform.js';
import { accountsOf, startBenchPlatform } from './bench-platform.js';
import { lifecycleFloor } from './floor.js';
import { GraphqlClient, type Measured, summary } from './load.js';
import { cpuUse, report } from './report.js';

const CONCURRENCY = 64;
const WARM_UP = 300;
const GENERATIONS = 3_000;
const LOOK_MS = 100;
const GENERATE = 'mutation ($input: GenerateInput!) { generate(input: $input) { id } }';

/** How many generations a second are accepted, made by a sandbox at speed 0, stored, charged and told of. */
export async function lifecycle(): Promise<void> {
  const bench = await startBenchPlatform({ SANDBOX_SPEED: '0' });
  try {
    const keys = bench.customers.map(({ key }) => key);
    const client = new GraphqlClient(bench.platform.gatewayUrl, keys, CONCURRENCY);
    await complete(bench, client, WARM_UP);
    const cpuBefore = cpuUse(bench);
    const measured = await complete(bench, client, GENERATIONS);
    const cpuAfter = cpuUse(bench);
    await client.close();
    await Promise.all(bench.customers.map((customer) => customer.settled()));
    const ledger = await bench.operator.verifyLedger();
    if (!ledger.balanced) throw new Error(`the ledger does not add up: ${ledger.discrepancies.join('; ')}`);
    const floor = await lifecycleFloor(bench.platform.databaseUrl, accountsOf(bench), {
      concurrency: CONCURRENCY,
      seconds: 10,
      warmUpSeconds: 3,
    });
    report(
      'lifecycle: from generate to COMPLETED',
      'completed/s',
      { measured, floor, floorIs: 'its SQL alone', cpuBefore, cpuAfter },
      bench,
    );
  } finally {
    await bench.stop();
  }
}

/** Makes `count` generations, and measures until the last of them is complete. Latency is from acceptance to completion. */
async function complete({ database }: BenchPlatform, client: GraphqlClient, count: number): Promise<Measured> {
  const startedAt = performance.now();
  const since = new Date();
  let sent = 0;
  const loop = async () => {
    while (sent < count) {
      sent += 1;
      const input = {
        type: 'IMAGE',
        provider: 'flux-dev',
        input: { text: 'a red fox in snow' },
        options: { width: 256, height: 256 },
      };
      await client.post(GENERATE, { input }, sent);
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, loop));
  while (await running(database)) await sleep(LOOK_MS);
  const seconds = (performance.now() - startedAt) / 1_000;
  const { rows } = await database.query<{ ms: number; status: string }>(
    `SELECT status, extract(epoch FROM completed_at - created_at)::float8 * 1000 AS ms FROM generations.generations WHERE created_at >= $1`,
    [since],
  );
  const failed = rows.filter(({ status }) => status !== 'COMPLETED').length;
  if (failed > 0) throw new Error(`${failed} of ${count} generations did not complete`);
  return summary(
    rows.map(({ ms }) => ms),
    seconds,
  );
}

async function running(database: BenchPlatform['database']): Promise<boolean> {
  const { rows } = await database.query(
    `SELECT 1 FROM generations.generations WHERE status IN ('QUEUED', 'PROCESSING') LIMIT 1`,
  );
  return rows.length > 0;
}
