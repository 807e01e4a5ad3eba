import { passTime, type Service, startService, type TemporaryFolder, temporaryFolder, waitFor } from '@doitong/support';
import { afterEach, beforeEach, expect, it } from '@jest/globals';

const key = { authorization: 'Bearer k', 'content-type': 'application/json' };
let folder: TemporaryFolder;
let sandbox: Service | undefined;
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(async () => {
  await sandbox?.kill();
  await folder.remove();
});

const start = (port?: number) =>
  startService('sandbox', { SANDBOX_DATA_DIR: folder.path, SANDBOX_SPEED: '0.02', LOG_LEVEL: 'warn' }, { port });

const ask = async (path: string, body?: object) => {
  const init = body ? { method: 'POST', body: JSON.stringify(body), headers: key } : { headers: key };
  return (await fetch(`${sandbox?.url}/minimax/v1/${path}`, init)).json() as Promise<Record<string, string>>;
};
const submit = async (prompt: string) =>
  (await ask('video_generation', { model: 'MiniMax-Hailuo-02', prompt })).task_id ?? '';
const status = async (id: string) => (await ask(`query/video_generation?task_id=${id}`)).status;

it('a task that was accepted before a kill is done after the restart, and its URLs stay good', async () => {
  sandbox = await start();
  const done = await submit('made before [[sandbox:slow=0]]');
  const { file_id } = await ask(`query/video_generation?task_id=${done}`);
  const { file } = (await ask(`files/retrieve?file_id=${file_id}`)) as unknown as { file: { download_url: string } };
  const accepted = await submit('in flight [[sandbox:slow=600]]');
  expect(await status(accepted)).not.toBe('Success');
  await sandbox.kill('SIGKILL');

  sandbox = await start(Number(new URL(sandbox.url).port));
  expect(await status(accepted)).not.toBe('Success');
  await passTime(sandbox.url, 600);
  expect(await status(accepted)).toBe('Success');
  const again = await fetch(file.download_url);
  expect([again.status, again.headers.get('content-type')]).toEqual([200, 'video/mp4']);
  const count = await fetch(`${sandbox.url}/_sandbox/submits/count?family=minimax`);
  expect(await count.json()).toEqual({ count: 2, byFamily: { minimax: 2 } });
});

it('SIGTERM ends it by itself, also while an answer hangs and a file is encoded', async () => {
  sandbox = await start();
  const health = await fetch(`${sandbox.url}/healthz`);
  expect([health.status, await health.json()]).toEqual([200, { status: 'ok' }]);
  const image = (prompt: string) => ask('image_generation', { model: 'image-01', prompt, n: 9 }).catch(() => 'cut off');
  const hanging = image('[[sandbox:hang]]');
  const encoding = image('many [[sandbox:slow=600]]');
  await waitFor(async () => {
    const count = await fetch(`${sandbox?.url}/_sandbox/submits/count`);
    expect(await count.json()).toMatchObject({ count: 2 });
  });
  expect(await sandbox.stop()).toBe(0);
  expect(await Promise.all([hanging, encoding])).toEqual(['cut off', 'cut off']);
});

it('an environment that cannot be used is told by name', async () => {
  const broken = startService('sandbox', { SANDBOX_DATA_DIR: folder.path, SANDBOX_SPEED: 'fast' });
  await expect(broken).rejects.toThrow('SANDBOX_SPEED');
});
