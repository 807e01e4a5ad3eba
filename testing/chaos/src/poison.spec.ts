import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  eventually,
  Operator,
  type Platform,
  type SeenGeneration,
  startPlatform,
  type TemporaryFolder,
  temporaryFolder,
} from '@doitong/support';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { tasksKnown } from './tasks-known.js';

const WORKER = 'worker-minimax';
const CREDITS = 100_000;
const DEATHS = 3;

let folder: TemporaryFolder;
/** Names the generation whose output no worker survives. */
let poison: string;
let platform: Platform;
let operator: Operator;

beforeAll(async () => {
  folder = await temporaryFolder();
  poison = join(folder.path, 'poison');
  await writeFile(poison, '');
  const deadly = fileURLToPath(new URL('./__fixtures__/dies-storing.mjs', import.meta.url));
  platform = await startPlatform(['minimax'], { NODE_OPTIONS: `--import=${deadly}`, POISON: poison });
  operator = await Operator.connect(platform.natsUrl('admin'));
}, 300_000);

afterAll(async () => {
  await operator?.close();
  await platform?.stop();
  await folder?.remove();
}, 150_000);

it('an output that no worker survives ends its generation after three of them, and no other in the same workers', async () => {
  const customer = await operator.createCustomer(platform.gatewayUrl, { credits: CREDITS });
  const ask = (seconds: number) =>
    customer.generate({
      type: 'VIDEO',
      provider: 'minimax',
      input: { text: `a calm sea [[sandbox:slow=${seconds}]]` },
    });
  const bad = await ask(600);
  const good = await Promise.all([ask(1_200), ask(1_200)]);
  await eventually(async () => (await tasksKnown(platform.databaseUrl, [bad, ...good])) === 3, { timeoutMs: 60_000 });
  await writeFile(poison, bad.id);
  await platform.passTime(600);

  for (let deaths = 0; deaths < DEATHS; deaths++) {
    const [worker] = platform.processes(WORKER);
    await eventually(() => hasEnded(worker!.pid), { timeoutMs: 120_000 });
    expect(await customer.generation(bad.id)).toMatchObject({ status: 'PROCESSING' });
    await platform.kill(WORKER);
    await platform.start(WORKER);
  }
  expect(await customer.ended(bad.id, 120_000)).toMatchObject({
    status: 'FAILED',
    error: { code: 'GENERATION_FAILED', retryable: true, billed: false, stage: 'DELIVERY' },
  });

  await platform.passTime(600);
  const ended: SeenGeneration[] = await Promise.all(good.map(({ id }) => customer.ended(id, 120_000)));
  expect(ended.map(({ status }) => status)).toEqual(['COMPLETED', 'COMPLETED']);
  const spent = ended.reduce((sum, { creditCost }) => sum + creditCost, 0);
  expect(await customer.settled()).toEqual({ credits: CREDITS - spent, held: 0 });
  expect(await operator.verifyLedger()).toMatchObject({ balanced: true, discrepancies: [] });
  const [survivor] = platform.processes(WORKER);
  expect(hasEnded(survivor!.pid)).toBe(false);
  const [generations] = platform.processes('generations');
  expect(generations!.logs().filter((line) => line.includes('workers died of it'))).toHaveLength(1);
}, 600_000);

function hasEnded(pid: number): boolean {
  try {
    return !process.kill(pid, 0);
  } catch {
    return true;
  }
}
