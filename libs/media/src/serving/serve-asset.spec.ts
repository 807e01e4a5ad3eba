import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type RunningStore, storeKinds } from '../__fixtures__/stores.js';
import { AssetUrlSigner } from './asset-url-signer.js';
import { serveAsset } from './serve-asset.js';

const key = 'gen_1/clip.mp4';
const content = '0123456789abcdefghij';
let nowMs = Date.parse('2027-01-15T12:00:00Z');

/** The smallest mount that an HTTP server needs. */
function mount(running: RunningStore, signer: () => AssetUrlSigner): Server {
  return createServer(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url!, 'http://localhost');
    const { status, headers, body } = await serveAsset(running.store, signer(), {
      method: request.method!,
      key: decodeURIComponent(pathname.slice('/assets/'.length)),
      expires: searchParams.get('expires'),
      signature: searchParams.get('signature'),
      headers: request.headers,
    });
    response.writeHead(status, headers);
    if (body instanceof Readable) body.pipe(response);
    else response.end(body);
  });
}

describe.each(storeKinds)('assets served from %s', (_name, start) => {
  let running: RunningStore;
  let server: Server;
  let signer: AssetUrlSigner;
  beforeAll(async () => {
    running = await start();
    server = mount(running, () => signer);
    // Else a standstill has it close a connection just as the next request is sent into it.
    server.keepAliveTimeout = 60_000;
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    signer = new AssetUrlSigner({ baseUrl, secrets: ['s1'], ttlSeconds: 100, now: () => nowMs });
    await running.store.put(key, Buffer.from(content), { contentType: 'video/mp4' });
  });
  afterAll(async () => {
    server.closeAllConnections();
    server.close();
    await running.close();
  });

  const get = (headers: Record<string, string> = {}, method = 'GET', url = signer.sign(key)) =>
    fetch(url, { method, headers });

  it('come whole, with what players and caches need', async () => {
    const answer = await get();
    expect(answer.status).toBe(200);
    expect(await answer.text()).toBe(content);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'accept-ranges': 'bytes',
      'access-control-allow-origin': '*',
      'cache-control': 'private, max-age=100, immutable',
      'content-disposition': 'inline; filename="clip.mp4"',
      'content-length': '20',
      'content-security-policy': expect.stringContaining('sandbox'),
      'content-type': 'video/mp4',
      etag: expect.stringMatching(/^".+"$/),
      'last-modified': expect.stringMatching(/ GMT$/),
      'x-content-type-options': 'nosniff',
    });
  });

  it('may be cached only until their URL expires', async () => {
    const url = signer.sign(key);
    nowMs += 70_000;
    expect((await get({}, 'GET', url)).headers.get('cache-control')).toBe('private, max-age=30, immutable');
  });

  it('answer HEAD with the headers of GET and no body', async () => {
    const [head, whole] = [await get({}, 'HEAD'), await get()];
    expect(head.status).toBe(200);
    expect(await head.text()).toBe('');
    const ofTheAsset = (answer: Response) =>
      [...answer.headers].filter(([name]) => !['date', 'connection', 'keep-alive'].includes(name));
    expect(ofTheAsset(head)).toEqual(ofTheAsset(whole));
  });

  it.each([
    ['bytes=0-3', '0123', '0-3'],
    ['bytes=5-5', '5', '5-5'],
    ['bytes=10-', 'abcdefghij', '10-19'],
    ['bytes=-4', 'ghij', '16-19'],
    ['bytes=-400', content, '0-19'],
    ['bytes=18-400', 'ij', '18-19'],
    ['BYTES=0-0', '0', '0-0'],
  ])('answer %s with that part', async (range, part, positions) => {
    const answer = await get({ range });
    expect(answer.status).toBe(206);
    expect(await answer.text()).toBe(part);
    expect(answer.headers.get('content-range')).toBe(`bytes ${positions}/20`);
    expect(answer.headers.get('content-length')).toBe(String(part.length));
    expect(answer.headers.get('content-type')).toBe('video/mp4');
  });

  it.each(['bytes=20-', 'bytes=20-30', 'bytes=-0', 'bytes=99999999999999999999-'])(
    'refuse %s with 416',
    async (range) => {
      const answer = await get({ range });
      expect(answer.status).toBe(416);
      expect(answer.headers.get('content-range')).toBe('bytes */20');
      expect(await answer.json()).toMatchObject({ error: { code: 'RANGE_NOT_SATISFIABLE' } });
    },
  );

  it.each([
    'bytes=0-1,4-5',
    'bytes=5-2',
    'bytes=-',
    'bytes=a-b',
    'bytes=0-1x',
    'bytes 0-1',
    'pages=0-1',
    'bytes=+1-2',
    '0-1',
  ])('come whole for a range that is malformed, several, or of another unit: %s', async (range) => {
    const answer = await get({ range });
    expect(answer.status).toBe(200);
    expect(await answer.text()).toBe(content);
  });

  it('do not take a range on HEAD', async () => {
    expect((await get({ range: 'bytes=0-1' }, 'HEAD')).status).toBe(200);
  });

  it('resume only what has not changed (If-Range)', async () => {
    const headers = (await get()).headers;
    const [etag, date] = [headers.get('etag')!, headers.get('last-modified')!];
    const statusFor = async (ifRange: string) => (await get({ range: 'bytes=0-3', 'if-range': ifRange })).status;
    expect(await statusFor(etag)).toBe(206);
    expect(await statusFor(date)).toBe(206);
    expect(await statusFor('"other"')).toBe(200);
    expect(await statusFor(`W/${etag}`)).toBe(200);
    expect(await statusFor('Wed, 01 Jan 2020 00:00:00 GMT')).toBe(200);
  });

  it('are not sent again to who has them (304)', async () => {
    const headers = (await get()).headers;
    const [etag, date] = [headers.get('etag')!, headers.get('last-modified')!];
    const old = 'Wed, 01 Jan 2020 00:00:00 GMT';
    const statusFor = async (conditions: Record<string, string>) => (await get(conditions)).status;
    expect(await statusFor({ 'if-none-match': etag })).toBe(304);
    expect(await statusFor({ 'if-none-match': `"other", W/${etag}` })).toBe(304);
    expect(await statusFor({ 'if-none-match': '*' })).toBe(304);
    expect(await statusFor({ 'if-none-match': '"other"' })).toBe(200);
    expect(await statusFor({ 'if-modified-since': date })).toBe(304);
    expect(await statusFor({ 'if-modified-since': old })).toBe(200);
    expect(await statusFor({ 'if-modified-since': 'nonsense' })).toBe(200);
    expect(await statusFor({ 'if-none-match': '"other"', 'if-modified-since': date })).toBe(200);
    expect(await statusFor({ 'if-none-match': etag, range: 'bytes=0-3' })).toBe(304);
    const answer = await get({ 'if-none-match': etag });
    expect(await answer.text()).toBe('');
    expect(answer.headers.get('etag')).toBe(etag);
  });

  it.each([
    ['signature', (url: string) => url.replace(/signature=./, (head) => `signature=${head.endsWith('A') ? 'B' : 'A'}`)],
    ['expiry', (url: string) => url.replace(/expires=\d+/, 'expires=99999999999')],
    ['key', (url: string) => url.replace('clip', 'clop')],
    ['key, to one outside', (url: string) => url.replace('gen_1/clip.mp4', '..%2f..%2fetc%2fpasswd')],
    ['signature, left out', (url: string) => url.replace(/&signature=.*/, '')],
  ])('are refused with 403 after a change of the %s, expired or not', async (_part, change) => {
    const url = change(signer.sign(key));
    const check = async () => {
      const answer = await get({}, 'GET', url);
      expect(answer.status).toBe(403);
      expect(answer.headers.get('cache-control')).toBe('no-store');
      expect(await answer.json()).toEqual({
        error: { code: 'FORBIDDEN', message: 'The signature of this URL is not valid.' },
      });
    };
    await check();
    nowMs += 1_000_000;
    await check();
  });

  it('are gone with 410 once their URL expired', async () => {
    const url = signer.sign(key);
    nowMs += 1_000_000;
    const answer = await get({}, 'GET', url);
    expect(answer.status).toBe(410);
    expect(await answer.json()).toMatchObject({ error: { code: 'EXPIRED' } });
  });

  it('that are not there are a 404', async () => {
    const answer = await get({}, 'GET', signer.sign('gen_1/other.mp4'));
    expect(answer.status).toBe(404);
    expect(await answer.json()).toMatchObject({ error: { code: 'NOT_FOUND' } });
    expect((await get({}, 'HEAD', signer.sign('gen_1/other.mp4'))).status).toBe(404);
  });

  it('are read only', async () => {
    const answer = await get({}, 'DELETE');
    expect(answer.status).toBe(405);
    expect(answer.headers.get('allow')).toBe('GET, HEAD, OPTIONS');
  });
});
