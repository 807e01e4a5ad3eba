import { createServer } from 'node:net';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { waitFor } from '@doitong/support';
import { afterEach, describe, expect, it } from '@jest/globals';
import Type from 'typebox';
import { FormData } from 'undici';
import type { VendorContext } from './adapter.js';
import type { VendorErrorKind } from './errors.js';
import { type Reply, type ScriptedVendor, scriptedVendor, testCredential, vendorContext } from './testing/loopback.js';
import { type VendorAsk, VendorHttp } from './vendor-http.js';

const Answer = Type.Object({ id: Type.String() });
const submit: VendorAsk = { method: 'POST', path: '/jobs', json: { a: 1 } };
const keyed: VendorAsk = { ...submit, idempotencyKey: 'att_1' };
const poll: VendorAsk = { method: 'GET', path: '/jobs' };

let vendor: ScriptedVendor | undefined;
afterEach(async () => {
  await vendor?.close();
  vendor = undefined;
});

/** The error form of this vendor. */
const own = { error: { code: 0 } };

const http = (context: VendorContext) =>
  new VendorHttp(context, {
    auth: { authorization: `Key ${context.credential}` },
    refusal: (body) => {
      const { code, error } = (body ?? {}) as { code?: number; error?: object };
      if (code === 7) return 'content-rejected';
      return error ? 'by-status' : undefined;
    },
  });

async function outcome(reply: Reply, ask: VendorAsk, over: Partial<VendorContext> = {}) {
  vendor = await scriptedVendor({ 'POST /jobs': reply, 'GET /jobs': reply });
  return http(vendor.context(over))
    .json(Answer, ask)
    .catch((error) => error);
}

describe('what the network does', () => {
  const page = Buffer.from('<html>Just a moment...</html>');
  it.each<[string, Reply, VendorErrorKind, VendorErrorKind]>([
    ['a connection that breaks after the request', { fault: 'reset' }, 'submission-unknown', 'unavailable'],
    ['a gateway that gives up', { status: 502, json: own }, 'submission-unknown', 'unavailable'],
    ['a gateway that times out', { status: 504, json: own }, 'submission-unknown', 'unavailable'],
    ['a success that is no JSON', { bytes: page }, 'submission-unknown', 'unavailable'],
    ['a success of another shape', { json: { name: 'x' } }, 'submission-unknown', 'unavailable'],
    ['a success that never ends', { bytes: Buffer.alloc(5_000_000) }, 'submission-unknown', 'unavailable'],
    ['a vendor out of order', { status: 500, json: own }, 'server-error', 'unavailable'],
    ['a vendor out of service', { status: 503, json: own }, 'server-error', 'unavailable'],
    ['a vendor overloaded', { status: 529, json: own }, 'unavailable', 'unavailable'],
    ['a vendor that wants less', { status: 429, json: own }, 'rate-limited', 'rate-limited'],
    ['a refused credential', { status: 401, json: own }, 'credential', 'credential'],
    ['a refusal that may be of this request', { status: 403, json: own }, 'forbidden', 'forbidden'],
    ['an empty account', { status: 402, json: own }, 'balance', 'balance'],
    ['a refused input', { status: 422, json: own }, 'invalid-input', 'failed'],
    ['a path that is gone', { status: 404, json: own }, 'unavailable', 'failed'],
    ["the vendor's own code in a success", { json: { id: 'x', code: 7 } }, 'content-rejected', 'content-rejected'],
  ])('%s', async (_, reply, onSubmit, onPoll) => {
    expect(await outcome(reply, submit)).toMatchObject({ name: 'VendorError', kind: onSubmit });
    await vendor?.close();
    expect(await outcome(reply, poll)).toMatchObject({ name: 'VendorError', kind: onPoll });
  });

  it.each<[number, VendorErrorKind]>([
    [400, 'unavailable'],
    [401, 'unavailable'],
    [402, 'unavailable'],
    [403, 'unavailable'],
    [404, 'unavailable'],
    [408, 'submission-unknown'],
    [413, 'invalid-input'],
    [429, 'rate-limited'],
    [499, 'submission-unknown'],
    [500, 'submission-unknown'],
    [501, 'submission-unknown'],
    [503, 'submission-unknown'],
    [529, 'submission-unknown'],
  ])("a proxy's page under HTTP %d is %s of a submit, and no verdict on a task", async (status, onSubmit) => {
    for (const reply of [
      { status, bytes: page },
      { status, bytes: Buffer.alloc(0) },
      { status, json: ['?'] },
    ]) {
      expect(await outcome(reply, submit)).toMatchObject({ kind: onSubmit, repeatable: false });
      await vendor?.close();
      const onPoll = status === 429 ? 'rate-limited' : 'unavailable';
      expect(await outcome(reply, poll)).toMatchObject({ kind: onPoll, doubtful: false });
      await vendor?.close();
    }
  });

  it.each([401, 402, 403, 404, 410, 400, 422])(
    'a vendor that refuses a read with HTTP %d is only half believed',
    async (status) => {
      expect(await outcome({ status, json: own }, poll)).toMatchObject({ doubtful: true });
      await vendor?.close();
      expect(await outcome({ status, json: own }, submit)).toMatchObject({ doubtful: false });
    },
  );

  it('no answer in time', async () => {
    const hang: Reply = { fault: 'hang' };
    const submitted = await outcome(hang, { ...submit, timeoutMs: 300 });
    expect(submitted).toMatchObject({ name: 'VendorError', kind: 'submission-unknown' });
    await vendor?.close();
    const polled = await outcome(hang, { ...poll, timeoutMs: 300 });
    expect(polled).toMatchObject({ name: 'VendorError', kind: 'unavailable' });
  });

  it('is known not to have taken when nobody listens', async () => {
    const free = createServer();
    await new Promise<void>((listening) => free.listen(0, '127.0.0.1', listening));
    const { port } = free.address() as { port: number };
    await new Promise((closed) => free.close(closed));
    const ask = http(vendorContext(`http://127.0.0.1:${port}`)).json(Answer, submit);
    await expect(ask).rejects.toMatchObject({ kind: 'unavailable' });
  });

  it('is known not to have taken when TLS cannot be set up, though the socket was reset', async () => {
    const resets = createServer((socket) => socket.once('data', () => socket.resetAndDestroy()));
    await new Promise<void>((listening) => resets.listen(0, '127.0.0.1', listening));
    const { port } = resets.address() as { port: number };
    const ask = http(vendorContext(`https://127.0.0.1:${port}`)).json(Answer, submit);
    await expect(ask).rejects.toMatchObject({ kind: 'unavailable' });
    await new Promise((closed) => resets.close(closed));
  });

  it('is known not to have taken when the attempt was over before it was sent', async () => {
    const result = await outcome({ json: { id: 'x' } }, submit, { signal: AbortSignal.abort() });
    expect(result).toMatchObject({ kind: 'unavailable' });
    expect(vendor?.heard).toHaveLength(0);
  });

  it('is unknown when the attempt ends while a submit waits for its answer', async () => {
    const attempt = new AbortController();
    const result = outcome({ fault: 'hang' }, submit, { signal: attempt.signal });
    await waitFor(() => expect(vendor?.heard).toHaveLength(1));
    attempt.abort();
    expect(await result).toMatchObject({ kind: 'submission-unknown' });
  });

  it('is never unknown for an ask that may be repeated', async () => {
    expect(await outcome({ fault: 'reset' }, keyed)).toMatchObject({ kind: 'unavailable' });
    await vendor?.close();
    expect(await outcome({ status: 504, json: {} }, keyed)).toMatchObject({ kind: 'unavailable' });
    await vendor?.close();
    expect(await outcome({ status: 400, json: own }, keyed)).toMatchObject({ kind: 'invalid-input' });
  });
});

it('each submit has a connection of its own, so none dies on one that the vendor was closing', async () => {
  vendor = await scriptedVendor({ 'POST /jobs': { json: { id: 'x' } } });
  await http(vendor.context()).json(Answer, submit);
  await http(vendor.context()).json(Answer, submit);
  expect(vendor.heard.map(({ headers }) => headers.connection)).toEqual(['close', 'close']);
});

it('a Retry-After is told in milliseconds', async () => {
  const result = await outcome({ status: 429, headers: { 'retry-after': '7' }, json: {} }, submit);
  expect(result).toMatchObject({ retryAfterMs: 7_000 });
});

it('a redirect is not followed, so the credential goes nowhere else', async () => {
  const elsewhere = await scriptedVendor({ 'GET /jobs': { json: { id: 'stolen' } } });
  const reply = { status: 302, headers: { location: `${elsewhere.baseUrl}/jobs` }, json: {} };
  expect(await outcome(reply, poll)).toMatchObject({ kind: 'unavailable' });
  expect(elsewhere.heard).toHaveLength(0);
  await elsewhere.close();
});

it('a credential that the vendor quotes is in no message', async () => {
  const [keyId = '', secret = ''] = testCredential.split(':');
  const quotes = { status: 401, json: { error: `no such key ${testCredential}, nor ${secret} of ${keyId}` } };
  const { message } = await outcome(quotes, submit);
  expect(message).toContain('no such key');
  expect(message).not.toContain(keyId);
  expect(message).not.toContain(secret);
});

it('fields that we do not know are let through', async () => {
  expect(await outcome({ json: { id: 'x', news: { a: [1] } } }, submit)).toEqual({ id: 'x', news: { a: [1] } });
});

it('sends multipart with its boundary, and queries escaped', async () => {
  const form = new FormData();
  form.append('file', new Blob(['bytes'], { type: 'image/png' }), 'image');
  await outcome({ json: { id: 'x' } }, { method: 'POST', path: '/jobs', form, query: { a: 'b&c=d' } });
  const [heard] = vendor?.heard ?? [];
  expect(heard?.headers['content-type']).toMatch(/^multipart\/form-data; boundary=/);
  expect(heard?.text).toContain('Content-Type: image/png');
  expect(heard?.query).toEqual({ a: 'b&c=d' });
});

describe('a file', () => {
  const file = async (reply: Reply) => {
    vendor = await scriptedVendor({ 'POST /jobs': reply });
    return http(vendor.context())
      .file(submit)
      .catch((error) => error);
  };

  it('is its bytes', async () => {
    expect((await file({ bytes: Buffer.from('ID3') })).bytes.toString()).toBe('ID3');
  });

  it('is refused in JSON', async () => {
    expect(await file({ status: 400, json: { code: 7 } })).toMatchObject({ kind: 'content-rejected' });
  });

  it('that is a page of HTML leaves open what was done', async () => {
    const page = { bytes: Buffer.from('<html>'), headers: { 'content-type': 'text/html; charset=utf-8' } };
    expect(await file(page)).toMatchObject({ kind: 'submission-unknown' });
  });

  it('that is JSON after all or empty leaves open what was done', async () => {
    expect(await file({ json: { id: 'x' } })).toMatchObject({ kind: 'submission-unknown' });
    await vendor?.close();
    expect(await file({ bytes: Buffer.alloc(0) })).toMatchObject({ kind: 'submission-unknown' });
  });
});

describe('an answer in another encoding', () => {
  const text = JSON.stringify({ id: 'x' });
  it.each<[string, Reply]>([
    ['gzip', { bytes: gzipSync(text), headers: { 'content-encoding': 'gzip' } }],
    ['brotli', { bytes: brotliCompressSync(text), headers: { 'content-encoding': 'br' } }],
    ['with a byte-order mark', { bytes: Buffer.from(`\ufeff${text}`) }],
    ['with a charset', { bytes: Buffer.from(text), headers: { 'content-type': 'application/json; charset=utf-8' } }],
  ])('%s is read, though we ask for a plain one', async (_, reply) => {
    expect(await outcome(reply, submit)).toEqual({ id: 'x' });
    expect(vendor?.heard[0]?.headers['accept-encoding']).toBe('identity');
  });

  it('gzip of an error is read too', async () => {
    const refused = { status: 422, bytes: gzipSync(JSON.stringify(own)), headers: { 'content-encoding': 'gzip' } };
    expect(await outcome(refused, submit)).toMatchObject({ kind: 'invalid-input' });
  });

  it('a small one that grows beyond the limit is refused', async () => {
    const bomb = { bytes: gzipSync(Buffer.alloc(50_000_000, ' ')), headers: { 'content-encoding': 'gzip' } };
    expect(await outcome(bomb, poll)).toMatchObject({ kind: 'unavailable' });
  });
});
