import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { hostile } from '../__fixtures__/hostile.js';
import { type RunningStore, storeKinds } from '../__fixtures__/stores.js';
import type { AssetStore } from '../store/asset-store.js';
import { storeOutput } from './store-output.js';

const fixture = (name: string) => readFile(new URL(`../__fixtures__/${name}`, import.meta.url));
/** The vendors of these tests are on this machine. */
const local = { trusts: ({ hostname }: URL) => hostname === '127.0.0.1' };
const quick = { firstPauseMs: 1, ...local };

/** A vendor's file server: `answer` is what each request gets, by its number from 1. */
class Vendor {
  asked: IncomingMessage[] = [];
  answer: (response: ServerResponse, number: number, request: IncomingMessage) => void = (response) => response.end();
  private readonly server: Server = createServer((request, response) => {
    this.answer(response, this.asked.push(request), request);
  });

  async start(): Promise<void> {
    // Else a standstill has it close a connection just as the next request is sent into it, which is one try less.
    this.server.keepAliveTimeout = 60_000;
    await new Promise<void>((done) => this.server.listen(0, '127.0.0.1', done));
  }

  stop(): void {
    this.server.close();
    this.server.closeAllConnections();
  }

  url(path = '/file'): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}${path}`;
  }

  answers(answer: Vendor['answer']): void {
    this.asked = [];
    this.answer = answer;
  }
}

/** The file of a WAV whose header states the length of what follows. */
function wav(bytes: number): Buffer {
  const file = Buffer.alloc(bytes);
  file.write('RIFF', 0);
  file.writeUInt32LE(bytes - 8, 4);
  file.write('WAVEfmt ', 8);
  file.writeUInt32LE(16, 16);
  file.writeUInt16LE(1, 20);
  file.writeUInt16LE(1, 22);
  file.writeUInt32LE(8000, 24);
  file.writeUInt32LE(16_000, 28);
  file.writeUInt16LE(2, 32);
  file.writeUInt16LE(16, 34);
  file.write('data', 36);
  file.writeUInt32LE(bytes - 44, 40);
  return file;
}

describe.each(storeKinds)('storing an output on %s', (_name, start) => {
  let running: RunningStore;
  let spoolDirectory: string;
  const vendor = new Vendor();
  const elsewhere = new Vendor();
  beforeAll(async () => {
    running = await start();
    spoolDirectory = await mkdtemp(join(tmpdir(), 'doitong-spool-'));
    await Promise.all([vendor.start(), elsewhere.start()]);
  });
  afterAll(async () => {
    vendor.stop();
    elsewhere.stop();
    await rm(spoolDirectory, { recursive: true });
    await running.close();
  });

  const storedBytes = async (key: string) => buffer((await running.store.read(key))!);

  it.each(['url', 'bytes', 'stream'])(
    'keeps what came as %s under the hash of its bytes, with its facts',
    async (form) => {
      const bytes = await fixture('h264-aac.mp4');
      vendor.answers((response) => response.setHeader('content-type', 'text/plain').end(bytes));
      const source = { url: { url: vendor.url() }, bytes: { bytes }, stream: { stream: Readable.from([bytes]) } }[
        form
      ]!;
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      const stored = await storeOutput(running.store, `gen_${form}/att_1`, source, local);
      expect(stored).toEqual({
        key: `gen_${form}/att_1/${sha256.slice(0, 32)}.mp4`,
        sha256,
        bytes: bytes.length,
        kind: 'VIDEO',
        format: 'mp4',
        contentType: 'video/mp4',
        width: 64,
        height: 48,
        durationSeconds: 1,
      });
      expect((await storedBytes(stored.key)).equals(bytes)).toBe(true);
      expect((await running.store.head(stored.key))?.contentType).toBe('video/mp4');
    },
  );

  it.each([
    ['gzip', gzipSync],
    ['br', brotliCompressSync],
  ])(
    'keeps the file itself where a server sends it as %s, though plain bytes were asked for',
    async (encoding, encode) => {
      const bytes = await fixture('still.png');
      vendor.answers((response) => response.setHeader('content-encoding', encoding).end(encode(bytes)));
      const stored = await storeOutput(running.store, `gen_${encoding}`, { url: vendor.url() }, local);
      expect((await storedBytes(stored.key)).equals(bytes)).toBe(true);
      expect(vendor.asked[0]?.headers['accept-encoding']).toBe('identity');
    },
  );

  it('does not take more bytes than allowed, however few they are when packed', async () => {
    const packed = gzipSync(Buffer.alloc(5_000_000));
    vendor.answers((response) => response.setHeader('content-encoding', 'gzip').end(packed));
    const storing = storeOutput(running.store, 'gen_bomb', { url: vendor.url() }, { ...quick, maxBytes: 4_999_999 });
    await expect(storing).rejects.toMatchObject({ code: 'OUTPUT_TOO_LARGE' });
  });

  it('keeps the same output twice as one file', async () => {
    const bytes = await fixture('still.jpg');
    const keys = [1, 2].map(async () => (await storeOutput(running.store, 'gen_twice', { bytes })).key);
    const [first, second] = await Promise.all(keys);
    expect(first).toBe(second);
    expect(first).toMatch(/^gen_twice\/[0-9a-f]{32}\.jpg$/);
  });

  it('passes a file of many MB through the disk, and leaves nothing of it there', async () => {
    const bytes = wav(9 * 1024 * 1024);
    vendor.answers((response) => response.end(bytes));
    const stored = await storeOutput(running.store, 'gen_long', { url: vendor.url() }, { spoolDirectory, ...local });
    expect(stored).toMatchObject({ format: 'wav', bytes: bytes.length, durationSeconds: (bytes.length - 44) / 16_000 });
    expect((await storedBytes(stored.key)).equals(bytes)).toBe(true);
    expect(await readdir(spoolDirectory)).toEqual([]);
  });

  it('takes raw samples for what the hint says', async () => {
    const hint = { format: 'pcm', sampleRate: 16_000 };
    const stored = await storeOutput(running.store, 'gen_raw', { bytes: Buffer.alloc(32_000) }, { hint });
    expect(stored).toMatchObject({ format: 'pcm', durationSeconds: 1 });
    expect(stored.key).toMatch(/\.pcm$/);
  });

  it.each([400, 401, 403, 404, 410, 204])('does not ask again after a %d', async (status) => {
    vendor.answers((response) => response.writeHead(status).end());
    const storing = storeOutput(running.store, 'gen_dead', { url: vendor.url() }, quick);
    await expect(storing).rejects.toMatchObject({
      code: 'OUTPUT_DENIED',
      message: `The output is not served: it answered with status ${status}`,
    });
    expect(vendor.asked).toHaveLength(1);
  });

  it.each([
    ['a 500', (response: ServerResponse) => response.writeHead(500).end()],
    ['a 503', (response: ServerResponse) => response.writeHead(503).end()],
    ['a 429', (response: ServerResponse) => response.writeHead(429).end()],
    ['a connection that is lost at once', (response: ServerResponse) => response.destroy()],
    ['one that is lost half way', cutHalfWay],
  ])('asks again after %s, and after four tries gives up', async (_what, fail) => {
    const bytes = await fixture('still.png');
    vendor.answers((response, number) => (number < 4 ? fail(response) : response.end(bytes)));
    const stored = await storeOutput(running.store, 'gen_flaky', { url: vendor.url() }, quick);
    expect((await storedBytes(stored.key)).equals(bytes)).toBe(true);
    vendor.answers((response) => fail(response));
    const storing = storeOutput(running.store, 'gen_flaky', { url: vendor.url() }, quick);
    await expect(storing).rejects.toMatchObject({ code: 'OUTPUT_UNAVAILABLE' });
    expect(vendor.asked).toHaveLength(4);
  });

  it.each([
    ['stated', (response: ServerResponse) => response.setHeader('content-length', 5000).end(Buffer.alloc(5000))],
    [
      'found out',
      (response: ServerResponse) => void Readable.from([Buffer.alloc(3000), Buffer.alloc(2000)]).pipe(response),
    ],
  ])('does not take more bytes than allowed, be the length %s', async (_how, answer) => {
    vendor.answers((response) => answer(response));
    const storing = storeOutput(running.store, 'gen_large', { url: vendor.url() }, { ...quick, maxBytes: 4999 });
    await expect(storing).rejects.toMatchObject({ code: 'OUTPUT_TOO_LARGE' });
    expect(vendor.asked).toHaveLength(1);
  });

  it('does not keep the part of a large file that it had when it found it too large', async () => {
    const chunks = Array.from({ length: 12 }, () => Buffer.alloc(1024 * 1024));
    const storing = storeOutput(
      running.store,
      'gen_large',
      { stream: Readable.from(chunks) },
      { maxBytes: 11 * 1024 * 1024, spoolDirectory },
    );
    await expect(storing).rejects.toMatchObject({ code: 'OUTPUT_TOO_LARGE' });
    expect(await readdir(spoolDirectory)).toEqual([]);
  });

  it('refuses what is no media, whatever the vendor calls it', async () => {
    vendor.answers((response) => response.setHeader('content-type', 'video/mp4').end('<html>Sign in</html>'));
    const storing = storeOutput(running.store, 'gen_html', { url: vendor.url() }, quick);
    await expect(storing).rejects.toMatchObject({ code: 'OUTPUT_INVALID', message: 'The file is text, not media' });
    expect(vendor.asked).toHaveLength(1);
  });

  it('refuses at once what would take the process that reads it along', async () => {
    const [, deadly] = hostile[0]!;
    const bytes = await deadly();
    vendor.answers((response) => response.end(bytes));
    const storing = storeOutput(running.store, 'gen_deadly', { url: vendor.url() }, quick);
    await expect(storing).rejects.toMatchObject({ code: 'OUTPUT_INVALID' });
    expect(vendor.asked).toHaveLength(1);
  });

  it('sends headers to the vendor, and follows its redirects elsewhere without them', async () => {
    const bytes = await fixture('tone.mp3');
    vendor.answers((response, number) =>
      number === 1 ? response.writeHead(302, { location: '/moved' }).end() : redirect(response, elsewhere.url('/cdn')),
    );
    elsewhere.answers((response) => response.end(bytes));
    const source = { url: vendor.url(), headers: { 'x-key': 'secret' } };
    expect(await storeOutput(running.store, 'gen_moved', source, local)).toMatchObject({ format: 'mp3' });
    expect(vendor.asked.map(({ url, headers }) => [url, headers['x-key']])).toEqual([
      ['/file', 'secret'],
      ['/moved', 'secret'],
    ]);
    expect(elsewhere.asked.map(({ url, headers }) => [url, headers['x-key']])).toEqual([['/cdn', undefined]]);
  });

  it('follows no more than five redirects', async () => {
    vendor.answers((response) => redirect(response, '/file'));
    const circling = storeOutput(running.store, 'gen_moved', { url: vendor.url() }, quick);
    await expect(circling).rejects.toMatchObject({ code: 'OUTPUT_UNSAFE', message: expect.stringMatching(/5 times/) });
    expect(vendor.asked).toHaveLength(6);
  });

  it.each([
    'not a URL',
    'ftp://example.com/a.mp4',
    'data:text/plain,x',
    'http://10.0.0.1/a.mp4',
    'http://169.254.169.254/latest/meta-data/',
    'http://[::1]/a.mp4',
    'http://localhost:4222/',
  ])('requests no URL of a vendor that leads where nobody has us connect to, nor a redirect to it: %s', async (url) => {
    const unsafe = { code: 'OUTPUT_UNSAFE' };
    await expect(storeOutput(running.store, 'gen_1', { url }, quick)).rejects.toMatchObject(unsafe);
    vendor.answers((response) => redirect(response, url === 'not a URL' ? 'http://' : url));
    await expect(storeOutput(running.store, 'gen_1', { url: vendor.url() }, quick)).rejects.toMatchObject(unsafe);
    expect(vendor.asked).toHaveLength(1);
  });

  it('requests nothing of this machine that the operator has not named', async () => {
    elsewhere.answers((response) => response.end('never asked'));
    vendor.answers((response) => redirect(response, elsewhere.url()));
    const vendorAlone = { ...quick, trusts: ({ origin }: URL) => origin === new URL(vendor.url()).origin };
    for (const url of [elsewhere.url(), vendor.url()]) {
      const storing = storeOutput(running.store, 'gen_1', { url }, vendorAlone);
      await expect(storing).rejects.toMatchObject({ code: 'OUTPUT_UNSAFE' });
    }
    expect(elsewhere.asked).toHaveLength(0);
  });

  it('refuses what is of another kind than was asked for, and keeps nothing of it', async () => {
    const bytes = await fixture('h264.mp4');
    const { key } = await storeOutput(running.store, 'gen_kind_video', { bytes }, { kind: 'VIDEO' });
    const storing = storeOutput(running.store, 'gen_kind_image', { bytes }, { kind: 'IMAGE' });
    await expect(storing).rejects.toMatchObject({
      code: 'OUTPUT_INVALID',
      message: 'The file is VIDEO (mp4), not IMAGE',
    });
    expect(await running.store.head(key)).toBeDefined();
    expect(await running.store.head(key.replace('video', 'image'))).toBeUndefined();
  });

  it('stops when told to', async () => {
    const stop = new AbortController();
    vendor.answers(() => stop.abort(new Error('cancelled')));
    const storing = storeOutput(running.store, 'gen_1', { url: vendor.url() }, { ...local, signal: stop.signal });
    await expect(storing).rejects.toThrow('cancelled');
  });

  it('stops when told to although the file goes on dripping, and hangs up', async () => {
    const stop = new AbortController();
    let hungUp = () => {};
    const closed = new Promise<void>((resolve) => {
      hungUp = resolve;
    });
    vendor.answers((response) => {
      response.on('close', hungUp);
      drip(response);
      setTimeout(() => stop.abort(new Error('cancelled')), 100);
    });
    const storing = storeOutput(running.store, 'gen_1', { url: vendor.url() }, { ...local, signal: stop.signal });
    await expect(storing).rejects.toThrow('cancelled');
    await closed;
    expect(vendor.asked).toHaveLength(1);
  });

  it('takes a file that comes slower than the least rate for one that is not served', async () => {
    vendor.answers((response) => drip(response));
    const leastRate = { bytes: 100_000, windowMs: 100 };
    const storing = storeOutput(running.store, 'gen_1', { url: vendor.url() }, { ...quick, leastRate });
    await expect(storing).rejects.toMatchObject({
      code: 'OUTPUT_UNAVAILABLE',
      message: expect.stringMatching(/it sent \d+ bytes in 0.1 s$/),
    });
    expect(vendor.asked).toHaveLength(4);
  });

  it('stops when told to although its store does not answer', async () => {
    const stop = new AbortController();
    const bytes = await fixture('still.png');
    const put: AssetStore['put'] = (_key, _body, { signal }) =>
      new Promise((_, reject) => {
        signal?.addEventListener('abort', () => reject(new Error('aborted')));
        stop.abort(new Error('cancelled'));
      });
    const silent = { put } as AssetStore;
    await expect(storeOutput(silent, 'gen_1', { bytes }, { signal: stop.signal })).rejects.toThrow('cancelled');
  });
});

function redirect(response: ServerResponse, location: string): void {
  response.writeHead(302, { location }).end();
}

function drip(response: ServerResponse): void {
  const timer = setInterval(() => response.write('x'), 10);
  response.on('close', () => clearInterval(timer));
}

function cutHalfWay(response: ServerResponse): void {
  response.setHeader('content-length', 1000).write(Buffer.alloc(500));
  setTimeout(() => response.destroy(), 10);
}
