import { request } from 'node:http';
import { generations } from '@doitong/contracts';
import { type AssetStore, AssetUrlSigner, createAssetStore } from '@doitong/media';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ASSET_URL_SECRET, type Gateway, startGateway } from '../__fixtures__/gateway.js';
import { aGeneration } from '../__fixtures__/messages.js';

const key = 'gen_1/clip.mp4';

describe('assets', () => {
  let gateway: Gateway;
  let store: AssetStore;
  beforeAll(async () => {
    gateway = await startGateway();
    store = await createAssetStore({ kind: 'local', directory: gateway.assets });
    await store.put(key, Buffer.from('0123456789'), { contentType: 'video/mp4' });
  });
  afterAll(() => gateway?.stop());

  async function signed(assetKey = key): Promise<string> {
    gateway.answer(generations.get, () => aGeneration({ status: 'COMPLETED', assetKey }));
    return (await gateway.post('{ generation(id: "x") { url } }')).body.data.generation.url;
  }

  it('are served by the url of their generation, without a key', async () => {
    const url = await signed();
    expect(url).toMatch(gateway.url);
    const answer = await fetch(url);
    expect(answer.status).toBe(200);
    expect(Object.fromEntries(answer.headers)).toMatchObject({ 'content-type': 'video/mp4', 'content-length': '10' });
    expect(await answer.text()).toBe('0123456789');
  });

  it('tell their length to HEAD', async () => {
    const answer = await fetch(await signed(), { method: 'HEAD' });
    expect([answer.status, answer.headers.get('content-length'), await answer.text()]).toEqual([200, '10', '']);
  });

  it('are served in ranges', async () => {
    const answer = await fetch(await signed(), { headers: { range: 'bytes=2-4' } });
    expect([answer.status, answer.headers.get('content-range'), await answer.text()]).toEqual([
      206,
      'bytes 2-4/10',
      '234',
    ]);
    const beyond = await fetch(await signed(), { headers: { range: 'bytes=20-' } });
    expect([beyond.status, beyond.headers.get('content-range')]).toEqual([416, 'bytes */10']);
  });

  it('may be asked for in ranges by the pages of any origin', async () => {
    const headers = {
      origin: 'https://app.example',
      'access-control-request-method': 'GET',
      'access-control-request-headers': 'range, authorization',
    };
    const answer = await fetch(await signed(), { method: 'OPTIONS', headers });
    expect(answer.status).toBe(204);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'access-control-allow-origin': '*',
      'access-control-allow-methods': expect.stringContaining('GET'),
      'access-control-allow-headers': 'range, authorization',
    });
  });

  it.each(['POST', 'PUT', 'PATCH', 'DELETE'])('are not changed by %s: 405', async (method) => {
    const answer = await fetch(await signed(), { method });
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'GET, HEAD, OPTIONS']);
  });

  it('are not sent again to who has them', async () => {
    const etag = (await fetch(await signed(), { method: 'HEAD' })).headers.get('etag')!;
    const answer = await fetch(await signed(), { headers: { 'if-none-match': etag } });
    expect([answer.status, await answer.text()]).toEqual([304, '']);
  });

  it.each([
    [
      'signature',
      (one: string) => one.replace(/signature=(.)/, (_, first) => `signature=${first === '-' ? '_' : '-'}`),
    ],
    ['expiry', (one: string) => one.replace(/expires=/, 'expires=9')],
    ['key', (one: string) => one.replace('clip', 'clap')],
    ['key, climbing up', (one: string) => one.replace('gen_1/', 'gen_1/..%2f..%2f')],
    ['signature, given twice', (one: string) => `${one}&signature=x`],
  ])('are refused with 403 when the %s of the url was changed', async (_part, change) => {
    expect((await fetch(change(await signed()))).status).toBe(403);
  });

  it('are 404 when the store does not have them', async () => {
    expect((await fetch(await signed('gen_2/clip.mp4'))).status).toBe(404);
  });

  it('are 410 once the url has expired', async () => {
    const anHourAgo = () => Date.now() - 3_600_000;
    const signer = new AssetUrlSigner({
      baseUrl: gateway.url,
      secrets: [ASSET_URL_SECRET],
      ttlSeconds: 60,
      now: anHourAgo,
    });
    expect((await fetch(signer.sign(key))).status).toBe(410);
  });

  it('of any size are streamed, and let go of when the reader leaves', async () => {
    await store.put('gen_1/large.mp4', Buffer.alloc(64 * 1024 * 1024), { contentType: 'video/mp4' });
    const large = await signed('gen_1/large.mp4');
    await new Promise<void>((resolve, reject) => {
      request(large, (response) => {
        response.once('data', () => response.destroy());
        response.once('close', resolve);
      })
        .once('error', reject)
        .end();
    });
    const answer = await fetch(await signed('gen_1/large.mp4'));
    expect((await answer.arrayBuffer()).byteLength).toBe(64 * 1024 * 1024);
  });
});
