import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { freePort } from '@doitong/local-servers';
import { waitFor } from '@doitong/support';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Webhook } from 'standardwebhooks';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const hasPython = spawnSync('python3', ['-c', 'import hmac']).status === 0;

/** The receiver of README.md in this language. */
async function published(language: 'js' | 'python'): Promise<string> {
  const readme = await readFile(`${root}/README.md`, 'utf8');
  const blocks = [...readme.matchAll(/^```(\w+)\n(.*?)^```/gms)].filter(
    ([, name, code]) => name === language && code!.includes('receiver.'),
  );
  expect(blocks).toHaveLength(1);
  const code = blocks[0]![2]!;
  const [comment, ...lines] = code.trim().split('\n');
  expect(comment).toContain('receiver.');
  expect(lines).toHaveLength(10);
  return code;
}

const secret = `whsec_${randomBytes(32).toString('base64')}`;
let child: ChildProcess | undefined;
afterEach(() => {
  child?.kill('SIGKILL');
});

interface Sent {
  id: string;
  version: number;
  generation?: string;
  signedWith?: string;
  ageSeconds?: number;
  changed?: boolean;
}

/** Runs a receiver; what it prints is what it acted upon. */
async function run(command: string, file: string) {
  const port = await freePort();
  let printed = '';
  child = spawn(command, [file], { env: { ...process.env, WEBHOOK_SECRET: secret, PORT: String(port) }, cwd: root });
  child.stdout!.on('data', (text) => {
    printed += text;
  });
  const url = `http://127.0.0.1:${port}/`;
  const post = (body: string, headers: Record<string, string>) => fetch(url, { method: 'POST', body, headers });
  await waitFor(async () =>
    expect(
      (await post('{}', { 'webhook-id': 'x', 'webhook-timestamp': '0', 'webhook-signature': 'v1,x' })).status,
    ).toBe(400),
  );

  const send = async ({ id, version, generation = 'gen_1', signedWith = secret, ageSeconds = 0, changed }: Sent) => {
    const at = new Date(Date.now() - ageSeconds * 1_000);
    const data = { id: generation, status: 'COMPLETED', version };
    const body = JSON.stringify({ type: 'generation.completed', timestamp: at, data });
    const headers = {
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
      'webhook-signature': `v1,bm90IHRoaXM= ${new Webhook(signedWith).sign(id, at, body)}`,
    };
    return (await post(changed ? body.replace('completed', 'cancelled') : body, headers)).status;
  };
  return { send, lines: () => printed.trim().split('\n') };
}

async function behaves(command: string, name: string, code: string): Promise<void> {
  // Below our packages, so that an import finds standardwebhooks.
  const folder = await mkdtemp(`${root}/node_modules/.receiver-`);
  const file = `${folder}/${name}`;
  await writeFile(file, code);
  try {
    const { send, lines } = await run(command, file);
    expect(await send({ id: 'evt_2', version: 4 })).toBe(204);
    expect(await send({ id: 'evt_2', version: 4 })).toBe(204);
    expect(await send({ id: 'evt_1', version: 2 })).toBe(204);
    expect(await send({ id: 'evt_3', version: 1, generation: 'gen_2' })).toBe(204);
    expect(await send({ id: 'evt_4', version: 5, signedWith: `whsec_${randomBytes(32).toString('base64')}` })).toBe(
      400,
    );
    expect(await send({ id: 'evt_4', version: 5, changed: true })).toBe(400);
    expect(await send({ id: 'evt_4', version: 5, ageSeconds: 3_600 })).toBe(400);
    // Printed after whatever came before it.
    expect(await send({ id: 'evt_5', version: 1, generation: 'gen_3' })).toBe(204);
    await waitFor(() => expect(lines()).toEqual(['gen_1 COMPLETED', 'gen_2 COMPLETED', 'gen_3 COMPLETED']));
  } finally {
    await rm(folder, { recursive: true });
  }
}

describe('the receiver that README.md shows acts once on what is signed, and never on what is older', () => {
  it('in Node', async () => behaves(process.execPath, 'receiver.mjs', await published('js')));
  (hasPython ? it : it.skip)('in Python, where there is one', async () =>
    behaves('python3', 'receiver.py', await published('python')),
  );
});
