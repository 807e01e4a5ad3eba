import { billing, DoitongError, rateLimit } from '@doitong/contracts';
import { waitFor } from '@doitong/support';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { WebSocket } from 'ws';
import { type Gateway, startGateway } from '../__fixtures__/gateway.js';
import { allowed, aPrincipal } from '../__fixtures__/messages.js';
import { clientAddresses, GatewayConfig } from '../config.js';

const READ = '{ generation(id: "x") { id } }';
const ORIGIN = { origin: 'https://example.com' };

let gateway: Gateway;
beforeAll(async () => {
  gateway = await startGateway({ TRUSTED_PROXIES: '127.0.0.1, 10.0.0.0/8' });
});
afterAll(() => gateway?.stop());
beforeEach(() => gateway.reset());

const refuseKeys = (code: 'UNAUTHENTICATED' | 'FORBIDDEN' | 'INTERNAL') =>
  gateway.answer(billing.authenticate, () => {
    throw new DoitongError(code, 'No.');
  });
const from = (address: string) => ({ 'x-forwarded-for': address });
const bearer = () => ({ authorization: `Bearer ${gateway.newKey()}` });
const checks = () => gateway.asked(rateLimit.check).map(({ body }) => body);
const ofStranger = (address = '127.0.0.1') => ({ key: `ip:${address}`, window: 'unauthenticated', cost: 1, limit: 30 });
const usedUp = () =>
  gateway.answer(rateLimit.check, () =>
    allowed({ allowed: false, remaining: 0, resetSeconds: 58, retryAfterSeconds: 21 }),
  );

describe('a request without an accepted key', () => {
  it.each([
    ['no key', 401, () => ({ authorization: '' })],
    ['an unknown key', 401, bearer],
    ['the key of a closed account', 403, bearer],
  ])('with %s counts by its address, and is told so', async (_what, status, sent) => {
    refuseKeys(status === 401 ? 'UNAUTHENTICATED' : 'FORBIDDEN');
    gateway.answer(rateLimit.check, () => allowed({ remaining: 29, resetSeconds: 61 }));
    const answer = await gateway.post(READ, { headers: sent() });
    expect(answer.status).toBe(status);
    expect(checks()).toEqual([ofStranger()]);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'x-ratelimit-limit': '30',
      'x-ratelimit-remaining': '29',
      'x-ratelimit-reset': '61',
      'ratelimit-policy': '"unauthenticated_per_minute";q=30;w=60',
      ratelimit: '"unauthenticated_per_minute";r=29;t=61',
    });
  });

  it('is refused with 429 over the limit, in the form of any other limit', async () => {
    refuseKeys('UNAUTHENTICATED');
    usedUp();
    const { status, headers, body } = await gateway.post(READ, { headers: { ...bearer(), ...from('203.0.113.9') } });
    expect(status).toBe(429);
    expect(Object.fromEntries(headers)).toMatchObject({ 'retry-after': '21', 'x-ratelimit-remaining': '0' });
    expect(body).toEqual({
      errors: [
        {
          message: expect.stringContaining('without a valid API key'),
          extensions: {
            code: 'RATE_LIMIT',
            retryable: true,
            billed: false,
            stage: 'ADMISSION',
            limit: 'per_minute',
            retryAfter: 21,
          },
        },
      ],
    });
  });

  it('over the limit costs neither a look-up nor a check until that has passed; keys that were accepted are served', async () => {
    const address = '203.0.113.10';
    const known = bearer();
    const post = (sent: object) => gateway.post(READ, { headers: { ...sent, ...from(address) } });
    expect((await post(known)).status).toBe(200);
    refuseKeys('UNAUTHENTICATED');
    usedUp();
    expect((await post(bearer())).status).toBe(429);
    const before = [gateway.asked(billing.authenticate).length, checks().length];
    for (let time = 1; time <= 5; time++) {
      const { status, headers } = await post(bearer());
      expect([status, Number(headers.get('retry-after')) > 0]).toEqual([429, true]);
      expect(Number(headers.get('retry-after'))).toBeLessThanOrEqual(21);
    }
    expect([gateway.asked(billing.authenticate).length, checks().length]).toEqual(before);
    gateway.reset();
    expect((await post(known)).status).toBe(200);
    // Others are not concerned.
    expect((await gateway.post(READ, { headers: { ...bearer(), ...from('203.0.113.11') } })).status).toBe(200);
  });

  it('over the limit is looked up again once that has passed', async () => {
    const address = '203.0.113.12';
    refuseKeys('UNAUTHENTICATED');
    gateway.answer(rateLimit.check, () => allowed({ allowed: false, remaining: 0, retryAfterSeconds: 1 }));
    const post = () => gateway.post(READ, { headers: { ...bearer(), ...from(address) } });
    expect((await post()).status).toBe(429);
    gateway.reset();
    await waitFor(async () => expect((await post()).status).toBe(200));
  });

  it('holds no more than so many sockets of one address, and keeps none of another out', async () => {
    const open = (address: string) =>
      new Promise<{ socket: WebSocket; status: number }>((resolve) => {
        const socket = new WebSocket(`${gateway.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws', {
          headers: from(address),
        });
        socket.on('open', () => resolve({ socket, status: 101 }));
        socket.on('unexpected-response', (_request, { statusCode = 0 }) => resolve({ socket, status: statusCode }));
        socket.on('error', () => {});
      });
    // Those that send no key are closed after a while: on a machine that is slow, it takes more than one go.
    await waitFor(async () => {
      const sockets = await Promise.all(Array.from({ length: 60 }, () => open('203.0.113.13')));
      const other = await open('203.0.113.14');
      for (const { socket } of [...sockets, other]) socket.terminate();
      expect(other.status).toBe(101);
      expect(sockets.map(({ status }) => status)).toContain(429);
    });
    await waitFor(async () => {
      const { socket, status } = await open('203.0.113.13');
      socket.terminate();
      expect(status).toBe(101);
    });
  });

  it('counts for the client that a trusted proxy names', async () => {
    refuseKeys('UNAUTHENTICATED');
    await gateway.post(READ, { headers: { ...bearer(), 'x-forwarded-for': '6.6.6.6, 203.0.113.7, 10.0.0.3' } });
    expect(checks()).toEqual([ofStranger('203.0.113.7')]);
  });

  it.each([
    [false, 4403, 'No.'],
    [true, 1013, 'You may make 30 requests without a valid API key a minute.'],
  ])('opens no WebSocket either, and counts as much (used up: %s)', async (isUsedUp, code, reason) => {
    refuseKeys('UNAUTHENTICATED');
    if (isUsedUp) usedUp();
    const socket = new WebSocket(`${gateway.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws', {
      headers: { ...bearer(), 'x-forwarded-for': '203.0.113.8' },
    });
    socket.on('open', () => socket.send('{"type":"connection_init"}'));
    const closed = await new Promise((resolve) => socket.on('close', (...told) => resolve(told.map(String))));
    expect(closed).toEqual([String(code), reason]);
    expect(checks()).toEqual([ofStranger('203.0.113.8')]);
  });

  it('is refused as ever while limits cannot be checked', async () => {
    refuseKeys('UNAUTHENTICATED');
    gateway.answer(rateLimit.check, () => {
      throw new DoitongError('INTERNAL', 'Something went wrong on our side. Please try again.');
    });
    expect((await gateway.post(READ, { headers: bearer() })).status).toBe(401);
    const metrics = await (await fetch(`${gateway.managementUrl}/metrics`)).text();
    expect(metrics).toMatch(/rate_limit_unchecked_total\{window="unauthenticated",.*\} 1\n/);
  });
});

it('a valid key costs no check by address, known or not', async () => {
  const headers = bearer();
  for (let time = 1; time <= 3; time++) expect((await gateway.post(READ, { headers })).status).toBe(200);
  expect(checks().map(({ window }) => window)).toEqual(['read', 'read', 'read']);
});

it('a key that cannot be looked up is no stranger', async () => {
  refuseKeys('INTERNAL');
  expect((await gateway.post(READ, { headers: bearer() })).status).toBe(503);
  expect(checks()).toEqual([]);
});

describe('what is refused before it is executed counts once, and tells a page of any origin its limits', () => {
  const json = { 'content-type': 'application/json' };
  const ofAccount = { key: aPrincipal().accountId, window: 'read', cost: 1, limit: 600 };

  it.each<[number, string, RequestInit, object]>([
    [400, 'no JSON', { method: 'POST', headers: json, body: '{' }, ofAccount],
    [400, 'no document', { method: 'POST', headers: json, body: '{}' }, ofAccount],
    [400, 'a document that cannot be read', { method: 'POST', headers: json, body: '{"query":"{"}' }, ofAccount],
    [406, 'an answer in XML', { method: 'POST', headers: { ...json, accept: 'text/xml' }, body: '{}' }, ofAccount],
    [413, 'a large body', { method: 'POST', headers: json, body: ' '.repeat(2_000_000) }, ofAccount],
    [415, 'a text', { method: 'POST', headers: { 'content-type': 'text/plain' }, body: 'a' }, ofAccount],
    [405, 'a PUT, of which no key is read', { method: 'PUT', headers: json, body: '{}' }, ofStranger()],
  ])('%d: %s', async (status, _what, init, check) => {
    const response = await fetch(`${gateway.url}/graphql`, {
      ...init,
      headers: { ...init.headers, ...bearer(), ...ORIGIN },
    });
    expect(response.status).toBe(status);
    expect(checks()).toEqual([check]);
    const exposed = response.headers.get('access-control-expose-headers')?.split(', ');
    const told = [...response.headers.keys()].filter((name) => name.includes('ratelimit'));
    expect(told).toHaveLength(5);
    expect(exposed).toEqual(expect.arrayContaining(told));
    expect(response.headers.get('access-control-allow-origin')).toBe('*');
  });
});

it('a proxy that is no address is told at boot', () => {
  const config = { TRUSTED_PROXIES: '10.0.0.0/8,nowhere' } as GatewayConfig;
  expect(() => clientAddresses(config)).toThrow('TRUSTED_PROXIES: invalid IP address: nowhere');
});
