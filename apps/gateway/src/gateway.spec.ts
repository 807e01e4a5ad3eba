import { generations } from '@doitong/contracts';
import { startService, waitFor } from '@doitong/support';
import { describe, expect, it } from '@jest/globals';
import { startGateway } from './__fixtures__/gateway.js';
import { aGeneration } from './__fixtures__/messages.js';

describe('the gateway', () => {
  it('finishes what it has accepted when it is told to stop, and then ends with 0', async () => {
    const gateway = await startGateway();
    let release = () => {};
    gateway.answer(generations.create, async () => {
      await new Promise<void>((resolve) => {
        release = resolve;
      });
      return aGeneration();
    });
    const accepted = gateway.post('mutation { generate(input: { type: IMAGE, input: { text: "a" } }) { id } }');
    await waitFor(() => expect(gateway.asked(generations.create)).toHaveLength(1));
    const stopped = gateway.stopService();
    await waitFor(() => expect(fetch(`${gateway.url}/healthz`)).rejects.toThrow());
    release();
    expect((await accepted).body).toEqual({ data: { generate: { id: aGeneration().id } } });
    expect(await stopped).toBe(0);
    await gateway.stop();
  });

  it.each([
    [
      /ASSET_URL_SECRET.*\n.*PUBLIC_URL|PUBLIC_URL.*\n.*ASSET_URL_SECRET/,
      { ASSET_URL_SECRET: 'short', PUBLIC_URL: 'media.example' },
    ],
    [/ASSET_DIRECTORY.*ASSET_S3_BUCKET/, { ASSET_URL_SECRET: '0123456789abcdef' }],
  ])('does not start on a wrong environment, and names what is wrong: %s', async (named, env) => {
    await expect(startService('gateway', { NATS_URL: 'nats://127.0.0.1:1', ...env })).rejects.toThrow(named);
  });
});
