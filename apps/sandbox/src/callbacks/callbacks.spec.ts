import { readdir, readFile } from 'node:fs/promises';
import { startReceiver, temporaryFolder, waitFor } from '@doitong/support';
import { expect, it } from '@jest/globals';
import { startSandbox } from '../__fixtures__/sandbox.js';
import { DataDir } from '../storage/data-dir.js';

it('a callback that did not arrive is sent by the next start, one that did is not', async () => {
  const [folder, receiver] = await Promise.all([temporaryFolder(), startReceiver()]);
  const heard = (path: string) => receiver.requests.filter((request) => request.path === path).length;
  const env = { SANDBOX_DATA_DIR: folder.path };
  const first = await startSandbox(env);
  const submit = (prompt: string, path: string) =>
    first.post(
      '/black-forest-labs/v1/flux-dev',
      { prompt, webhook_url: receiver.url + path, webhook_secret: 's' },
      { 'x-key': 'k' },
    );
  await submit('arrives', '/arrived');
  // Heard is not yet noted.
  const { tasks } = await DataDir.open(folder.path);
  await waitFor(async () => expect(await journalIn(tasks)).toContain('"delivered"'));
  expect(heard('/arrived')).toBe(1);
  // The second try is under way, without an answer, when the first sandbox ends.
  receiver.answer(() => (heard('/refused') > 1 ? { hang: true } : { status: 500 }));
  await submit('does not', '/refused');
  await submit('is not yet due [[sandbox:slow=600]]', '/later');
  await waitFor(() => expect(heard('/refused')).toBe(2));
  await first.stop();
  expect(heard('/later')).toBe(0);

  receiver.answer({ status: 200 });
  const second = await startSandbox(env);
  await waitFor(() => expect(heard('/refused')).toBe(3));
  await second.advance(600);
  await waitFor(() => expect(heard('/later')).toBe(1));
  await submitAnother(second.url);
  await waitFor(() => expect(heard('/another')).toBe(1));
  expect([heard('/arrived'), heard('/refused'), heard('/later')]).toEqual([1, 3, 1]);
  await second.stop();
  await Promise.all([receiver.stop(), folder.remove()]);

  // Whatever the start would have sent, it has sent before this one.
  function submitAnother(url: string) {
    return fetch(`${url}/black-forest-labs/v1/flux-dev`, {
      method: 'POST',
      headers: { 'x-key': 'k', 'content-type': 'application/json' },
      body: JSON.stringify({ prompt: 'another', webhook_url: `${receiver.url}/another` }),
    });
  }
});

async function journalIn(folder: string): Promise<string> {
  const names = await readdir(folder);
  return (await Promise.all(names.map((name) => readFile(`${folder}/${name}`, 'utf8')))).join('');
}
