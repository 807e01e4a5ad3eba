import { type ChildProcess, type SpawnOptions, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type TemporaryFolder, temporaryFolder, waitFor } from '@doitong/support';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { startPostgres } from './index.js';

const SCRIPT = fileURLToPath(new URL('./__fixtures__/owner.mjs', import.meta.url));
const NOBODY = { uid: 65534, gid: 65534 };
const canRunAsNobody =
  process.getuid?.() === 0 && spawnSync(process.execPath, ['-e', '0'], { ...NOBODY, cwd: '/' }).status === 0;

let folder: TemporaryFolder;
beforeAll(async () => {
  folder = await temporaryFolder();
});
afterAll(() => folder.remove());

/** Another process that has started a server and owns it. */
async function owner(start: string, directory: string, options: SpawnOptions = {}) {
  const child = spawn(process.execPath, [SCRIPT, start, directory], { stdio: ['pipe', 'pipe', 'pipe'], ...options });
  let errors = '';
  child.stderr?.on('data', (chunk) => {
    errors += chunk;
  });
  const exited = once(child, 'exit');
  const printed = await Promise.race([once(child.stdout!, 'data'), exited.then(() => undefined)]);
  if (!printed) throw new Error(`the owner ended: ${errors}`);
  return { child, exited, url: String(printed[0]).trim() };
}

async function listens(url: string): Promise<boolean> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  const open = await once(socket, 'connect').then(
    () => true,
    () => false,
  );
  socket.destroy();
  return open;
}

const DEATHS: [string, (child: ChildProcess) => unknown][] = [
  ['exits without stopping it', (child) => child.stdin?.write('exit')],
  ['throws', (child) => child.stdin?.write('throw')],
  ['is terminated', (child) => child.kill('SIGTERM')],
  ['is killed', (child) => child.kill('SIGKILL')],
];

describe.each(['startPostgres', 'startNats'])('%s', (start) => {
  it.each(DEATHS)('leaves no server behind when its owner %s', async (_how, die) => {
    const { child, exited, url } = await owner(start, join(folder.path, start));
    expect(await listens(url)).toBe(true);
    die(child);
    await exited;
    await waitFor(async () => expect(await listens(url)).toBe(false), { timeoutMs: 40_000 });
  });

  (canRunAsNobody ? it : it.skip)('runs for a normal user', async () => {
    const { child, exited, url } = await owner(start, join(folder.path, `${start}-nobody`), NOBODY);
    expect(await listens(url)).toBe(true);
    child.stdin?.write('stop');
    expect(await exited).toEqual([0, null]);
    expect(await listens(url)).toBe(false);
  });
});

it('the next owner finds every commit of a killed one', async () => {
  const directory = join(folder.path, 'killed');
  const first = await owner('startPostgres', directory);
  const client = new pg.Client({ connectionString: first.url });
  client.on('error', () => {});
  await client.connect();
  await client.query('CREATE TABLE kept AS SELECT 7 AS value');
  first.child.kill('SIGKILL');

  const next = await startPostgres({ directory });
  const reader = new pg.Client({ connectionString: next.url });
  await reader.connect();
  expect((await reader.query('SELECT value FROM kept')).rows).toEqual([{ value: 7 }]);
  await reader.end();
  await next.stop();
});
