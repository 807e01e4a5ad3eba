import { readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { toFailure, VendorError } from '@doitong/providers/kit';
import { type Answer, type Receiver, startReceiver, type TemporaryFolder, temporaryFolder } from '@doitong/support';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { ByteBudget } from './byte-budget.js';
import { InputReader } from './input-reader.js';

const media = (name: string) =>
  readFileSync(new URL(`../../../../libs/media/src/__fixtures__/${name}`, import.meta.url));
const [jpeg, png, webp, mp3, mp4] = ['still.jpg', 'still.png', 'still.webp', 'tone.mp3', 'h264.mp4'].map(media) as [
  Buffer,
  Buffer,
  Buffer,
  Buffer,
  Buffer,
];
const limits = {
  timeoutMs: 30_000,
  maxBytes: 25 * 1024 * 1024,
  firstPauseMs: 1,
  directory: undefined as string | undefined,
};
const never = new AbortController().signal;

let server: Receiver;
beforeAll(async () => {
  server = await startReceiver();
});
afterAll(() => server.stop());
beforeEach(() => {
  server.requests.length = 0;
});

const reader = (allowLoopback: boolean, changes: Partial<typeof limits> = {}) =>
  new InputReader(allowLoopback, new ByteBudget(1), { ...limits, ...changes });
async function read(url = `${server.url}/a`, name: 'image' | 'audio' = 'image', changes: Partial<typeof limits> = {}) {
  const file = await reader(true, changes).read(name, url, never);
  const bytes = await file.content();
  expect(file.bytes).toBe(bytes.length);
  await file.discard();
  return { bytes, contentType: file.contentType };
}

/** What the customer is told of it. */
async function failureOf(reading: Promise<unknown>) {
  const error = (await reading.catch((error) => error)) as VendorError;
  expect(error).toBeInstanceOf(VendorError);
  const { kind, code, retryable, message } = toFailure(error, 'SUBMISSION');
  expect(code).toBe('INVALID_INPUT');
  return { kind, retryable, message };
}
const unfit = (message: string | RegExp) => ({
  kind: 'input-unfit',
  retryable: false,
  message: expect.stringMatching(message),
});
const unavailable = (message: string | RegExp) => ({ ...unfit(message), kind: 'input-unavailable', retryable: true });

const typed = (contentType: string, body: string | Buffer): Answer => ({
  headers: { 'content-type': contentType },
  body,
});

describe('an input is read', () => {
  it.each([
    ['a JPEG', jpeg, 'image/jpeg'],
    ['a PNG', png, 'image/png'],
    ['a WebP', webp, 'image/webp'],
  ])('with the type that its bytes show, whatever its host calls it: %s', async (_what, bytes, contentType) => {
    server.answerNext(typed('text/plain', bytes));
    expect(await read()).toEqual({ bytes, contentType });
  });

  it('as audio, where it is that', async () => {
    server.answerNext({ body: mp3 });
    expect((await read(undefined, 'audio')).contentType).toBe('audio/mpeg');
  });

  it('with a name of ours, what we take, and as it is', async () => {
    server.answerNext({ body: png });
    await read();
    expect(server.requests[0]?.headers).toMatchObject({
      'user-agent': expect.stringMatching(/^Doitong\//),
      accept: expect.stringMatching(/image\/png.*\*\/\*/),
      'accept-encoding': 'identity',
    });
  });

  it('although its host compresses it unasked', async () => {
    server.answerNext({ body: gzipSync(png), headers: { 'content-encoding': 'gzip' } });
    expect(await read()).toEqual({ bytes: png, contentType: 'image/png' });
  });

  it('from where its URL leads, over five redirects', async () => {
    for (const hop of [1, 2, 3, 4, 5]) server.answerNext({ status: 302, headers: { location: `/${hop}` } });
    server.answerNext({ body: jpeg });
    expect((await read()).contentType).toBe('image/jpeg');
    expect(server.requests.map(({ path }) => path)).toEqual(['/a', '/1', '/2', '/3', '/4', '/5']);
  });

  it.each([500, 502, 503, 429, 408])('although its host answers %d at first', async (status) => {
    server.answerNext({ status }, { status }, { status }, { body: jpeg });
    expect((await read()).contentType).toBe('image/jpeg');
  });

  it('although its host breaks off at first', async () => {
    const flaky = await talking((socket, connections) =>
      socket.end(connections === 1 ? 'HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\nabc' : answered(png)),
    );
    expect((await read(flaky.url)).contentType).toBe('image/png');
    flaky.close();
  });
});

describe('an input that is not what it must be is told as that, with what was found and what is taken', () => {
  const login = '<html>login</html>';
  const take = 'Give a PNG, JPEG or WebP image\\.$';
  it.each([
    [
      'a login page',
      typed('text/html; charset=utf-8', login),
      /^input\.image: found an HTML page \(text\/html, 18 bytes\)\. /,
    ],
    ['a login page called an image', typed('image/png', `<!-- a -->\n<!DOCTYPE html>${login}`), 'found an HTML page'],
    [
      'an SVG',
      typed('image/svg+xml', '<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>'),
      'found an SVG image',
    ],
    ['another XML', typed('text/xml', '<rss/>'), 'found an XML document'],
    ['JSON', typed('application/json', '{"error":"no"}'), 'found JSON'],
    ['text', typed('text/plain', 'not here'), 'found a file \\(text/plain, 8 bytes\\) that cannot be read'],
    ['nothing', { body: '' }, 'found an empty file \\(no content type, 0 bytes\\)'],
    ['a GIF', typed('image/gif', 'GIF89a\x01\0\x01\0'), 'found a GIF image'],
    ['an AVIF', typed('image/avif', '\0\0\0\x20ftypavif\0\0\0\0'), 'found an AVIF image'],
    ['a PDF', typed('application/pdf', '%PDF-1.7'), 'found a PDF document'],
    ['a JPEG of which the end is missing', typed('image/jpeg', jpeg.subarray(0, 300)), 'cut short or corrupt'],
    ['a video', typed('image/png', mp4), 'found a video'],
    ['audio', typed('audio/mpeg', mp3), 'found audio'],
  ])('%s', async (_what, answer, found) => {
    server.answerNext(answer);
    const { message, ...told } = await failureOf(read());
    expect(told).toEqual({ kind: 'input-unfit', retryable: false });
    expect(message).toMatch(new RegExp(found));
    expect(message).toMatch(/^input\.image: /);
    expect(message).toMatch(new RegExp(take));
    expect(server.requests).toHaveLength(1);
  });

  it('an image for audio', async () => {
    server.answerNext(typed('image/png', png));
    const failure = await failureOf(read(undefined, 'audio'));
    expect(failure).toEqual(unfit(/^input\.audio: found an image \(image\/png, \d+ bytes\)\. Give an MP3, WAV/));
  });

  it('a page that would take a careless look for ever', async () => {
    server.answerNext(typed('text/html', '<!---->'.repeat(2_000)));
    expect(await failureOf(read())).toEqual(unfit('found an XML document'));
  });

  it.each([
    [401, /status 401, not with the file\. Give a URL that anybody can read\.$/],
    [403, /status 403, not with the file\. Give a URL that anybody can read\.$/],
    [404, /^input\.image: its host answered with status 404, not with the file\.$/],
    [204, 'status 204'],
    [304, 'status 304'],
  ])('an answer of %d', async (status, message) => {
    server.answerNext({ status });
    expect(await failureOf(read())).toEqual(unfit(message));
    expect(server.requests).toHaveLength(1);
  });

  it('one that is too large, which names the limit', async () => {
    server.answerNext({ body: png });
    const failure = await failureOf(read(undefined, 'image', { maxBytes: png.length - 1 }));
    expect(failure).toEqual(unfit(/^input\.image: the file is larger than [\d.]+ MB/));
  });

  it('one that is too large once it is unpacked', async () => {
    server.answerNext({ body: gzipSync(Buffer.alloc(3 * 1024 * 1024)), headers: { 'content-encoding': 'gzip' } });
    const failure = await failureOf(read(undefined, 'image', { maxBytes: 1024 * 1024 }));
    expect(failure).toEqual(unfit(/^input\.image: the file is larger than 1 MB\. Give a smaller one\.$/));
  });

  it('one that redirects without end', async () => {
    server.answer({ status: 302, headers: { location: '/again' } });
    expect(await failureOf(read())).toEqual(unfit('redirects more than 5 times'));
    expect(server.requests).toHaveLength(6);
    server.answer({});
  });

  it('one that redirects into our own network', async () => {
    server.answerNext({ status: 302, headers: { location: 'http://169.254.169.254/latest/meta-data/' } });
    expect(await failureOf(read())).toEqual(unfit('does not lead to a public address'));
    expect(server.requests).toHaveLength(1);
  });

  it.each([
    'http://127.0.0.1/a.png',
    'http://localhost/a.png',
    'http://[::ffff:127.0.0.1]/a.png',
    'http://10.0.0.1/a.png',
    'http://169.254.169.254/latest/meta-data/',
    'http://2852039166/',
    'http://[fd00:ec2::254]/',
  ])('one in our own network: %s', async (url) => {
    expect(await failureOf(reader(false).read('image', url, never))).toEqual(unfit('public address'));
  });
});

describe('an input that its host does not give just now may be asked for again', () => {
  it.each([500, 503, 429])('after four answers of %d', async (status) => {
    server.answer({ status });
    expect(await failureOf(read())).toEqual(
      unavailable(new RegExp(`^input\\.image: its host answered with status ${status}\\. Try again\\.$`)),
    );
    expect(server.requests).toHaveLength(4);
    server.answer({});
  });

  it('after four connections that broke, of which the log alone has the reason', async () => {
    const silent = await talking((socket) => socket.destroy());
    const error = await read(silent.url).catch((error) => error);
    expect(error.message).toMatch(/ECONNRESET|socket hang up/);
    expect(toFailure(error, 'SUBMISSION')).toMatchObject(
      unavailable(/^input\.image: its host did not answer, or broke off\. Try again\.$/),
    );
    expect(silent.connections()).toBe(4);
    silent.close();
  });

  it('when it is too slow, which names the limit, and is not waited for again', async () => {
    server.answerNext({ hang: true });
    const failure = await failureOf(read(undefined, 'image', { timeoutMs: 300 }));
    expect(failure).toEqual(unavailable(/^input\.image: its host did not give the whole file within 0\.3 seconds/));
    expect(server.requests).toHaveLength(1);
  });
});

describe('a long input', () => {
  let folder: TemporaryFolder;
  beforeEach(async () => {
    folder = await temporaryFolder();
  });
  afterEach(() => folder.remove());

  const long = silence(200_000);
  const readInto = (directory: string, name: 'image' | 'audio', maxBytes = long.length) =>
    reader(true, { directory, maxBytes }).read(name, `${server.url}/a`, never);

  it('is on disk for as long as it is needed', async () => {
    server.answerNext({ body: long });
    const file = await readInto(folder.path, 'audio');
    expect([file.bytes, (await readdir(folder.path)).length]).toEqual([long.length, 1]);
    expect(await file.content()).toEqual(long);
    await file.discard();
    expect(await readdir(folder.path)).toEqual([]);
  });

  it.each([
    ['is no image', 'image', undefined],
    ['is too large', 'audio', 199_999],
  ] as const)('leaves nothing there when it %s', async (_what, name, maxBytes) => {
    server.answerNext({ body: long });
    await failureOf(readInto(folder.path, name, maxBytes));
    expect(await readdir(folder.path)).toEqual([]);
  });

  it('for which the disk has no room is told as no fault of the customer’s, nor of the host', async () => {
    server.answer({ body: long });
    const failure = await failureOf(readInto(`${folder.path}/gone`, 'audio'));
    expect(failure).toEqual(unavailable(/^input\.audio: it could not be kept on our side just now\. Try again\.$/));
    server.answer({});
  });
});

/** A WAV of so many bytes. */
function silence(bytes: number): Buffer {
  const file = Buffer.alloc(bytes);
  file.write('RIFF', 0);
  file.writeUInt32LE(bytes - 8, 4);
  file.write('WAVEfmt ', 8);
  for (const [n, field] of [16, 0x10001, 8_000, 16_000, 0x100002].entries()) file.writeUInt32LE(field, 16 + 4 * n);
  file.write('data', 36);
  file.writeUInt32LE(bytes - 44, 40);
  return file;
}

it('an input that nobody needs any more is read no further', async () => {
  const ending = new AbortController();
  server.answer(() => {
    ending.abort(new Error('cancelled'));
    return { status: 503 };
  });
  await expect(reader(true).read('image', `${server.url}/a`, ending.signal)).rejects.toThrow('cancelled');
  expect(server.requests).toHaveLength(1);
  server.answer({});
});

const answered = (bytes: Buffer) =>
  Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length: ${bytes.length}\r\n\r\n`), bytes]);

/** A server that does what it likes with each connection, once something was asked. */
async function talking(talk: (socket: Socket, connections: number) => void) {
  let connections = 0;
  const tcp = createServer((socket) => {
    connections += 1;
    socket.on('error', () => {}).once('data', () => talk(socket, connections));
  });
  await new Promise<void>((done) => tcp.listen(0, '127.0.0.1', done));
  const { port } = tcp.address() as { port: number };
  return { url: `http://127.0.0.1:${port}/`, connections: () => connections, close: () => tcp.close() };
}
