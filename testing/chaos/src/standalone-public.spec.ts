import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from '@doitong/local-servers';
import {
  Customer,
  eventually,
  type Service,
  startService,
  type TemporaryFolder,
  temporaryFolder,
} from '@doitong/support';
import { afterAll, beforeAll, expect, it } from '@jest/globals';

let folder: TemporaryFolder;
let sandboxPort: number;
let standalone: Service;
let customer: Customer;

beforeAll(async () => {
  folder = await temporaryFolder();
  sandboxPort = await freePort();
  const env = { HOST: '0.0.0.0', DATA_DIR: folder.path, SANDBOX_PORT: String(sandboxPort), SANDBOX_SPEED: '0.02' };
  standalone = await startService('standalone', env);
  const written = () => readFile(join(folder.path, 'standalone.json'), 'utf8').catch(() => false as const);
  const file = JSON.parse(String(await eventually(written, { timeoutMs: 60_000 })));
  customer = new Customer(standalone.url, file.accountId, file.testKey);
}, 300_000);

afterAll(async () => {
  await standalone?.kill();
  await folder?.remove();
}, 150_000);

// 127.0.0.2 stands for an address that others reach: what listens everywhere listens there, what listens on 127.0.0.1 does not.

it('a standalone that others reach still makes what test keys ask for', async () => {
  const listens = new URL(standalone.url);
  listens.hostname = '127.0.0.2';
  expect((await fetch(new URL('/graphql?query={__typename}', listens))).status).toBeLessThan(500);
  const { id } = await customer.generate({ type: 'IMAGE', provider: 'flux-dev', input: { text: 'a red kite' } });
  expect(await customer.ended(id, 120_000)).toMatchObject({ status: 'COMPLETED', error: null });
}, 240_000);

it('nobody else reaches its sandbox, which shows all prompts', async () => {
  expect((await fetch(`http://127.0.0.1:${sandboxPort}/_sandbox/submits`)).status).toBe(200);
  await expect(fetch(`http://127.0.0.2:${sandboxPort}/_sandbox/submits`)).rejects.toThrow();
});

it('it reads no inputs of its own machine, and sends no webhooks there', async () => {
  const input = { type: 'VIDEO', provider: 'minimax', input: { text: 'from inside' } };
  const local = `http://127.0.0.1:${sandboxPort}/face.png`;
  const [image, hook] = await Promise.all([
    customer.tryGenerate({ ...input, input: { ...input.input, image: local } }),
    customer.tryGenerate({ ...input, webhookUrl: local }),
  ]);
  for (const { errors } of [image, hook]) expect(errors?.[0]?.extensions.code).toBe('INVALID_INPUT');
});
