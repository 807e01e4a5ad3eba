import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { imageSize } from 'image-size';
import { startSandbox, type TestSandbox } from './__fixtures__/sandbox.js';

let sandbox: TestSandbox;
// biome-ignore lint/suspicious/noExplicitAny: printed by a script
let seen: any;
beforeAll(async () => {
  sandbox = await startSandbox();
  const script = fileURLToPath(new URL('./__fixtures__/sdks.mjs', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [script, sandbox.url], { maxBuffer: 2 ** 24 });
  seen = JSON.parse(stdout);
});
afterAll(() => sandbox.stop());

it("the vendor's SDK of elevenlabs finds voices, models and the history, and speaks", () => {
  const text = 'Hello there. [[sandbox:rate-limited-once]]';
  expect(seen).toMatchObject({ voice: 'George', characters: ['H', 'i'], history: ['Hi', text], used: text.length + 2 });
  expect(seen.models).toContain('eleven_multilingual_v2');
  expect(seen.speechBytes).toBe(Math.round((text.length / 14) * 100) * 320);
});

it('it tries again after a rate limit, asking once more and no more, and understands an error', async () => {
  expect(await sandbox.submits('rate-limited-once')).toBe(1);
  expect(seen.refused).toEqual([401, 'quota_exceeded']);
});

it('the AI SDK makes an image of black-forest-labs', () => {
  const image = new Uint8Array(Buffer.from(seen.image, 'base64'));
  expect(imageSize(image)).toMatchObject({ width: 512, height: 256, type: 'jpg' });
});
