import { randomBytes } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type RunningStore, storeKinds } from '../__fixtures__/stores.js';
import { createAssetStore } from './create-asset-store.js';

const mp4 = { contentType: 'video/mp4' };

describe.each(storeKinds)('an asset store on %s', (_name, start) => {
  let running: RunningStore;
  beforeAll(async () => {
    running = await start();
  });
  afterAll(() => running.close());

  const readAll = async (key: string, range?: { start: number; end: number }) => {
    const stream = await running.store.read(key, range);
    return stream && (await buffer(stream));
  };

  it('gives back what was put, with its facts', async () => {
    const before = Date.now();
    const put = await running.store.put('gen_1/a-1.mp4', Buffer.from('0123456789'), mp4);
    expect(put).toEqual({ key: 'gen_1/a-1.mp4', bytes: 10 });
    expect(String(await readAll('gen_1/a-1.mp4'))).toBe('0123456789');
    const after = Date.now();
    const facts = await running.store.head('gen_1/a-1.mp4');
    expect(facts).toMatchObject({ bytes: 10, contentType: 'video/mp4', etag: expect.stringMatching(/^"[^"]+"$/) });
    // S3 tells whole seconds.
    expect(facts!.lastModified.getTime()).toBeGreaterThan(before - 1_100);
    expect(facts!.lastModified.getTime()).toBeLessThanOrEqual(after);
  });

  it('gives a range of bytes, both ends included', async () => {
    await running.store.put('range.mp4', Buffer.from('0123456789'), mp4);
    expect(String(await readAll('range.mp4', { start: 2, end: 4 }))).toBe('234');
    expect(String(await readAll('range.mp4', { start: 9, end: 9 }))).toBe('9');
  });

  it('takes a stream larger than one part of an upload', async () => {
    const bytes = randomBytes(12 * 1024 * 1024 + 7);
    const chunks = Array.from({ length: 13 }, (_, n) => bytes.subarray(n * 1024 * 1024, (n + 1) * 1024 * 1024));
    const put = await running.store.put('large.mp4', Readable.from(chunks), mp4);
    expect(put.bytes).toBe(bytes.length);
    expect((await readAll('large.mp4'))?.equals(bytes)).toBe(true);
  });

  it.each([
    ['bytes', () => Buffer.alloc(11)],
    ['a stream', () => Readable.from([Buffer.alloc(6), Buffer.alloc(5)])],
  ])('stores nothing of %s over the limit', async (_what, body) => {
    await expect(running.store.put('over.mp4', body(), { ...mp4, maxBytes: 10 })).rejects.toMatchObject({
      name: 'AssetTooLargeError',
      maxBytes: 10,
    });
    expect(await running.store.head('over.mp4')).toBeUndefined();
  });

  it.each([
    ['fails', (source: Readable) => source.destroy(new Error('cut off'))],
    ['is closed early', (source: Readable) => source.destroy()],
  ])('keeps the former file when the stream %s', async (_how, cut) => {
    await running.store.put('kept.mp4', Buffer.from('former'), mp4);
    async function* half() {
      yield Buffer.alloc(6 * 1024 * 1024);
      cut(source);
      yield Buffer.alloc(1024);
    }
    const source = Readable.from(half());
    await expect(running.store.put('kept.mp4', source, mp4)).rejects.toThrow();
    expect(String(await readAll('kept.mp4'))).toBe('former');
  });

  it.each([
    ['a stream', () => Readable.from(endless())],
    ['bytes', () => Buffer.alloc(1024)],
  ])('stores nothing of %s when its signal aborts', async (_what, body) => {
    const stop = new AbortController();
    const putting = running.store.put('stopped.mp4', body(), { ...mp4, signal: stop.signal });
    stop.abort();
    await expect(putting).rejects.toThrow();
    expect(await running.store.head('stopped.mp4')).toBeUndefined();
  });

  it('shows nothing of a file before it is whole', async () => {
    const half = Buffer.alloc(6 * 1024 * 1024, 'x');
    async function* slowly() {
      yield half;
      await setTimeout(200);
      expect(await running.store.head('slow.mp4')).toBeUndefined();
      expect(await readAll('slow.mp4')).toBeUndefined();
      yield half;
    }
    await running.store.put('slow.mp4', Readable.from(slowly()), mp4);
    expect((await running.store.head('slow.mp4'))?.bytes).toBe(2 * half.length);
  });

  it('does not have what was never put or was deleted', async () => {
    await running.store.put('gone.mp4', Buffer.from('x'), mp4);
    await running.store.delete('gone.mp4');
    await running.store.delete('never/was.mp4');
    for (const key of ['gone.mp4', 'never/was.mp4', 'range.mp4/below.mp4']) {
      expect(await running.store.head(key)).toBeUndefined();
      expect(await running.store.read(key)).toBeUndefined();
    }
  });

  it.each([
    '',
    '../up.mp4',
    'a/../../up.mp4',
    '/etc/passwd.mp4',
    'a//b.mp4',
    'a/./b.mp4',
    '.incoming/x.mp4',
    'a\\b.mp4',
    'a b.mp4',
    'a%2e.mp4',
    'a\0.mp4',
    'ü.mp4',
    'noextension',
    'page.html',
    `${'a'.repeat(510)}.mp4`,
  ])('refuses the key %j', async (key) => {
    const refused = { name: 'InvalidAssetKeyError' };
    await expect(running.store.put(key, Buffer.from('x'), mp4)).rejects.toMatchObject(refused);
    await expect(running.store.head(key)).rejects.toMatchObject(refused);
    await expect(running.store.read(key)).rejects.toMatchObject(refused);
    await expect(running.store.delete(key)).rejects.toMatchObject(refused);
  });

  it('refuses a content type that is not the one of the extension', async () => {
    const put = running.store.put('a.mp4', Buffer.from('x'), { contentType: 'text/html' });
    await expect(put).rejects.toThrow('a.mp4 would hold video/mp4, not text/html');
  });

  it('is opened again with what it held', async () => {
    await running.store.put('again.mp4', Buffer.from('still here'), mp4);
    const again = await createAssetStore(running.config);
    expect(String(await buffer((await again.read('again.mp4'))!))).toBe('still here');
  });
});

describe('an asset store on local disk', () => {
  it('shows readers a whole file at every moment of being replaced', async () => {
    const running = await storeKinds[0]![1]();
    const versions = ['A', 'B'].map((letter) => Buffer.alloc(200_000, letter));
    await running.store.put('replaced.mp4', versions[0]!, mp4);
    let written = 0;
    let reading = true;
    const writer = (async () => {
      for (; reading; written++) {
        await running.store.put('replaced.mp4', Readable.from([versions[written % 2]!]), mp4);
      }
    })();
    const torn: number[] = [];
    const seen = new Set<Buffer>();
    while (written < 60 || seen.size < 2) {
      const bytes = await buffer((await running.store.read('replaced.mp4'))!);
      const version = versions.find((each) => each.equals(bytes));
      if (version) seen.add(version);
      else torn.push(bytes.length);
    }
    reading = false;
    await writer;
    await running.close();
    expect(torn).toEqual([]);
  });

  it('leaves no temporary file behind, whether a put succeeded or failed', async () => {
    const running = await storeKinds[0]![1]();
    await running.store.put('a.mp4', Buffer.from('x'), mp4);
    const failing = running.store.put('b.mp4', Readable.from([Buffer.alloc(9)]), { ...mp4, maxBytes: 1 });
    await expect(failing).rejects.toThrow();
    const files = (await readdir(running.directory, { recursive: true })).sort();
    await running.close();
    expect(files).toEqual(['.incoming', 'a.mp4']);
  });
});

describe('an asset store on S3', () => {
  it('says so when its credentials are refused, rather than that there is no asset', async () => {
    const running = await storeKinds[1]![1]();
    const stranger = await createAssetStore({ ...running.config, secretAccessKey: 'wrong' } as typeof running.config);
    await running.store.put('a.mp4', Buffer.from('x'), mp4);
    const read = stranger.read('a.mp4');
    await expect(read).rejects.toMatchObject({ $metadata: { httpStatusCode: 403 } });
    await running.close();
  });
});

async function* endless() {
  for (;;) {
    yield Buffer.alloc(1024);
    await setTimeout(10);
  }
}
