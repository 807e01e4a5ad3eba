import { gzipSync } from 'node:zlib';
import { generations } from '@doitong/contracts';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type Gateway, startGateway } from '../__fixtures__/gateway.js';

const AUTHORIZATION = { authorization: 'Bearer dt_test_0123456789abcdef' };
const GENERATE = JSON.stringify({
  query: 'mutation { generate(input: {type: IMAGE, provider: "flux-dev", input: {text: "un café"}}) { id } }',
});

let gateway: Gateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway?.stop());
beforeEach(() => gateway.reset());

async function answerTo(url: string, init: RequestInit = {}) {
  const response = await fetch(url, { ...init, headers: { ...AUTHORIZATION, ...init.headers } });
  const { errors } = (await response.json()) as { errors: { message: string; extensions: object }[] };
  return { status: response.status, headers: response.headers, error: errors?.[0] };
}

const post = (body: Buffer, headers: Record<string, string> = {}) =>
  answerTo(`${gateway.url}/graphql`, {
    method: 'POST',
    body: new Uint8Array(body),
    headers: { 'content-type': 'application/json', ...headers },
  });

describe('text that would be read as something else than was sent is refused, and nothing generated', () => {
  it.each([
    ['Latin-1', 400, Buffer.from(GENERATE, 'latin1'), {}, 'UTF-8'],
    ['UTF-16', 400, Buffer.from(GENERATE, 'utf16le'), {}, 'UTF-8'],
    [
      'Latin-1 that says so',
      415,
      Buffer.from(GENERATE, 'latin1'),
      { 'content-type': 'application/json; charset=iso-8859-1' },
      'iso-8859-1',
    ],
    ['gzip that says so', 415, gzipSync(GENERATE), { 'content-encoding': 'gzip' }, 'gzip'],
    ['an unknown encoding', 415, Buffer.from(GENERATE), { 'content-encoding': 'rot13' }, 'rot13'],
    ['gzip that does not say so', 400, gzipSync(GENERATE), {}, 'UTF-8'],
  ])('%s: %d', async (_what, status, body, headers, word) => {
    const answer = await post(body, headers);
    expect(answer).toMatchObject({
      status,
      error: { message: expect.stringContaining(word), extensions: { code: 'INVALID_INPUT', retryable: false } },
    });
    expect(answer.headers.get('access-control-allow-origin')).toBe('*');
    expect(gateway.asked(generations.create)).toEqual([]);
  });

  it('of what it is compressed with, it says what it takes instead', async () => {
    const { headers } = await post(gzipSync(GENERATE), { 'content-encoding': 'gzip' });
    expect(headers.get('accept-encoding')).toBe('identity');
  });

  it('UTF-8 arrives as it was sent', async () => {
    await post(Buffer.from(GENERATE), { 'content-type': 'application/json; charset=UTF-8' });
    expect(gateway.asked(generations.create)[0]?.body.input.input.text).toBe('un café');
  });

  it.each(['%E9', '%C3', '%ED%A0%80', '%', '%zz'])('%s in the URL of a GET: 400', async (encoded) => {
    const answer = await answerTo(`${gateway.url}/graphql?query={generation(id:"caf${encoded}"){id}}`);
    expect(answer).toMatchObject({
      status: 400,
      error: { message: expect.stringContaining('UTF-8'), extensions: { code: 'INVALID_INPUT' } },
    });
    expect(gateway.asked(generations.get)).toEqual([]);
  });
});
