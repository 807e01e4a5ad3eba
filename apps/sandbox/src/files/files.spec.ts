import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { startSandbox, type TestSandbox } from '../__fixtures__/sandbox.js';
import { rangeOf } from './range.js';

let sandbox: TestSandbox;
beforeAll(async () => {
  sandbox = await startSandbox();
});
afterAll(() => sandbox.stop());

async function imageUrl(prompt: string): Promise<string> {
  const key = { 'x-key': 'k' };
  const { body } = await sandbox.post(
    '/black-forest-labs/v1/flux-dev',
    { prompt, width: 256, height: 256, output_format: 'png' },
    key,
  );
  const { body: ready } = await sandbox.get(body.polling_url, key);
  return ready.result.sample;
}

it('a file is sent whole, or the range that is asked for', async () => {
  const url = await imageUrl('a fox');
  const whole = await sandbox.get(url);
  expect([whole.status, whole.headers.get('content-type')]).toEqual([200, 'image/png']);
  const part = await sandbox.get(url, { range: 'bytes=1-3' });
  expect([part.status, part.body.toString()]).toEqual([206, 'PNG']);
  expect(part.headers.get('content-range')).toBe(`bytes 1-3/${whole.body.length}`);
  expect((await sandbox.get(url, { range: `bytes=${whole.body.length}-` })).status).toBe(416);
});

it('a URL that was changed is refused', async () => {
  const url = await imageUrl('a fox');
  expect((await sandbox.get(url.replace('/0/', '/1/'))).status).toBe(403);
  expect((await sandbox.get(url.replace('se=', 'se=9'))).status).toBe(403);
  expect((await sandbox.get(url.split('?')[0] ?? '')).status).toBe(403);
});

it('corrupt-file sends bytes that are no image', async () => {
  const { status, body } = await sandbox.get(await imageUrl('a [[sandbox:corrupt-file]]'));
  expect([status, body.subarray(1, 4).toString() === 'PNG']).toEqual([200, false]);
});

it('dead-url refuses the file, also after another look', async () => {
  const url = await imageUrl('a [[sandbox:dead-url]]');
  expect((await sandbox.get(url)).status).toBe(403);
  expect((await sandbox.get(url)).status).toBe(403);
});

it('a URL of black-forest-labs dies ten minutes after the image was ready', async () => {
  const before = await sandbox.advance(0);
  const url = await imageUrl('a fox');
  const after = await sandbox.advance(0);
  const expires = Number(new URL(url).searchParams.get('se'));
  expect(expires).toBeGreaterThanOrEqual(before + 600_000);
  expect(expires).toBeLessThanOrEqual(after + 600_000);
  await sandbox.advance(480);
  expect((await sandbox.get(url)).status).toBe(200);
  await sandbox.advance(121);
  expect((await sandbox.get(url)).status).toBe(403);
});

it('ranges: of the end, open, none, several', () => {
  expect(rangeOf('bytes=-5', 100)).toEqual({ start: 95, end: 99 });
  expect(rangeOf('bytes=90-', 100)).toEqual({ start: 90, end: 99 });
  expect(rangeOf('bytes=0-999', 100)).toEqual({ start: 0, end: 99 });
  expect(rangeOf(undefined, 100)).toBeUndefined();
  expect(rangeOf('bytes=0-1,3-4', 100)).toBeUndefined();
  expect(rangeOf('bytes=100-', 100)).toBe('unsatisfiable');
});
