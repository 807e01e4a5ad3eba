import { fileURLToPath } from 'node:url';
import { freePort, ServerProcess } from '@doitong/local-servers';
import { authCost } from './auth-cost.js';
import { startBenchPlatform } from './bench-platform.js';
import { GraphqlClient, type Measured, measure } from './load.js';
import { cpuUse, report } from './report.js';

const LOAD = { concurrency: 64, seconds: 10, warmUpSeconds: 3 };
const READ = `query Read($id: ID!) {
  generation(id: $id) { id status type provider progress url creditCost metadata { width height format size } error { code message } }
}`;

/** How many `generation(id)` a second the gateway answers, beside Mercurius alone; and what it costs to know who asks. */
export async function read(): Promise<void> {
  const bench = await startBenchPlatform({ SANDBOX_SPEED: '0' });
  try {
    const { customers, platform } = bench;
    const input = { type: 'IMAGE', provider: 'flux-dev', input: { text: 'a red fox in snow' } };
    const ids = await Promise.all(
      customers.map(async (customer) => (await customer.ended((await customer.generate(input)).id)).id),
    );
    const keys = customers.map(({ key }) => key);
    const floor = await withBareServer((url) => reads(url, keys, ids));
    const cpuBefore = cpuUse(bench);
    const measured = await reads(platform.gatewayUrl, keys, ids);
    const cpuAfter = cpuUse(bench);
    report(
      'read: generation(id)',
      'reads/s',
      { measured, floor, floorIs: 'Mercurius alone, no work', cpuBefore, cpuAfter },
      bench,
    );
    process.stdout.write(`a key found in the cache: ${(await authCost()).toFixed(4)} ms of CPU\n`);
  } finally {
    await bench.stop();
  }
}

async function reads(url: string, keys: string[], ids: string[]): Promise<Measured> {
  const client = new GraphqlClient(url, keys, LOAD.concurrency);
  const work = async (n: number) => {
    await client.post(READ, { id: ids[n % ids.length] }, n);
  };
  const measured = await measure(work, LOAD);
  await client.close();
  return measured;
}

async function withBareServer<T>(work: (url: string) => Promise<T>): Promise<T> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const main = fileURLToPath(new URL('./bare/main.js', import.meta.url));
  const server = new ServerProcess('bare', process.execPath, [main], {
    env: { ...process.env, PORT: String(port) },
    log: () => {},
    orphanSignal: 'SIGKILL',
  });
  await server.ready(
    async () => ((await fetch(`${url}/readyz`).catch(() => undefined))?.ok ? true : undefined),
    20_000,
  );
  try {
    return await work(url);
  } finally {
    await server.stop([['SIGKILL', 5_000]]);
  }
}
