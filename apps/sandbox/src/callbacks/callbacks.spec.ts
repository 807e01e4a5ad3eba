import { startReceiver, temporaryFolder, waitFor } from '@doitong/support';
import { expect, it } from '@jest/globals';
import { startSandbox } from '../__fixtures__/sandbox.js';

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
  await waitFor(() => expect(heard('/arrived')).toBe(1));
  receiver.answer({ status: 500 });
  await submit('does not', '/refused');
  await submit('is not yet due [[sandbox:slow=3]]', '/later');
  await waitFor(() => expect(heard('/refused')).toBeGreaterThan(0));
  await first.stop();
  const [refused, later] = [heard('/refused'), heard('/later')];

  receiver.answer({ status: 200 });
  const second = await startSandbox(env);
  await waitFor(() => expect([heard('/refused'), heard('/later')]).toEqual([refused + 1, later + 1]), {
    timeoutMs: 10_000,
  });
  await submitAnother(second.url);
  await waitFor(() => expect(heard('/another')).toBe(1));
  expect(heard('/arrived')).toBe(1);
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
