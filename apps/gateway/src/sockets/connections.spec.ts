import { hash } from 'node:crypto';
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { billing, DoitongError, type Generation, generations } from '@doitong/contracts';
import { subscribe, waitFor } from '@doitong/support';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type ClientOptions, GRAPHQL_TRANSPORT_WS_PROTOCOL } from 'graphql-ws';
import { WebSocket } from 'ws';
import { type Gateway, startGateway } from '../__fixtures__/gateway.js';
import { aGeneration, aPrincipal } from '../__fixtures__/messages.js';
import { MOST_CONNECTIONS } from './connections.js';
import { MOST_SUBSCRIPTIONS } from './subscriptions.js';

const { id } = aGeneration();
const OTHER_ACCOUNT = `acc_${'9'.repeat(32)}`;
const WATCH = 'subscription ($id: ID!) { generationUpdated(id: $id) { version metadata { adjustments } } }';

let gateway: Gateway;
let atEnd: (() => void)[];

beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway?.stop());
beforeEach(() => {
  gateway.reset();
  atEnd = [];
});
afterEach(async () => {
  for (const end of atEnd) end();
  // What one test watched must not ask for anything in the next.
  await waitFor(async () => expect(await gateway.isHeard(generations.changed(id))).toBe(false));
});

function watch(connectionParams: Record<string, unknown> | undefined, options: Partial<ClientOptions> = {}) {
  const request = { query: WATCH, variables: { id } };
  const subscription = subscribe<object>(gateway.url, request, { connectionParams, ...options });
  atEnd.push(subscription.stop);
  return subscription;
}
const withKey = (key = gateway.newKey()) => ({ authorization: `Bearer ${key}` });
const begun = ({ events }: { events: unknown[] }) => waitFor(() => expect(events.length).toBeGreaterThan(0));

/** A client that says what it likes. */
async function open(headers: Record<string, string> = {}) {
  const url = `${gateway.url.replace('http', 'ws')}/graphql`;
  const socket = new WebSocket(url, GRAPHQL_TRANSPORT_WS_PROTOCOL, { headers });
  atEnd.push(() => socket.terminate());
  const received: { type: string; id?: string; payload?: unknown }[] = [];
  socket.on('message', (data) => void received.push(JSON.parse(String(data))));
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.on('close', (code, reason) => resolve({ code, reason: String(reason) }));
  });
  await once(socket, 'open');
  const say = (message: object) => socket.send(JSON.stringify(message));
  const subscribeAs = (name: string) =>
    say({ id: name, type: 'subscribe', payload: { query: WATCH, variables: { id } } });
  return { socket, received, closed, say, subscribeAs };
}

async function openKnown(key?: string) {
  const client = await open();
  client.say({ type: 'connection_init', payload: withKey(key) });
  await waitFor(() => expect(client.received).toMatchObject([{ type: 'connection_ack' }]));
  return client;
}

/** Every key is of this account, but for one, which is of another. */
const knowKeys = (accountId: string, otherKey?: string) => {
  const otherHash = otherKey && hash('sha256', otherKey, 'hex');
  gateway.answer(billing.authenticate, ({ keyHash }) =>
    aPrincipal({ accountId: keyHash === otherHash ? OTHER_ACCOUNT : accountId }),
  );
};
const refuseKeys = (code: 'UNAUTHENTICATED' | 'FORBIDDEN', message: string) =>
  gateway.answer(billing.authenticate, () => {
    throw new DoitongError(code, message);
  });

describe('a connection', () => {
  it.each(['authorization', 'Authorization', 'AUTHORIZATION'])(
    'is known by `%s` of its connection_init',
    async (name) => {
      await begun(watch({ [name]: `Bearer ${gateway.newKey()}` }));
    },
  );

  it('is known by the header of its upgrade, where there is one', async () => {
    const client = await open(withKey());
    client.say({ type: 'connection_init' });
    await waitFor(() => expect(client.received).toMatchObject([{ type: 'connection_ack' }]));
    client.subscribeAs('1');
    await waitFor(() => expect(client.received[1]).toMatchObject({ id: '1', type: 'next' }));
  });

  it.each(['constructor', '__proto__', 'toString'])('may call a subscription %s', async (name) => {
    const client = await openKnown();
    client.subscribeAs(name);
    await waitFor(() => expect(client.received[1]).toMatchObject({ id: name, type: 'next' }));
  });

  it.each([
    ['no key', undefined],
    ['what is no key', { authorization: 'Bearer sk_1' }],
    ['what is no text', { authorization: { dt: 1 } }],
  ])('with %s is closed with 4403', async (_what, params) => {
    expect(await watch(params).ended).toMatchObject({ code: 4403, reason: expect.stringContaining('Bearer dt_') });
    expect(gateway.asked(billing.authenticate)).toEqual([]);
  });

  it('with a key that is refused is closed with 4403, which says why', async () => {
    refuseKeys('UNAUTHENTICATED', 'This API key is not valid.');
    expect(await watch(withKey()).ended).toMatchObject({ code: 4403, reason: 'This API key is not valid.' });
  });

  it('that cannot be looked up is told to try again later', async () => {
    gateway.answer(billing.authenticate, () => {
      throw new DoitongError('INTERNAL', 'Something went wrong on our side. Please try again.');
    });
    expect(await watch(withKey()).ended).toMatchObject({ code: 1013 });
  });

  it('that does not say who it is is closed with 4408', async () => {
    const { closed } = await open();
    expect(await closed).toMatchObject({ code: 4408 });
  });

  it('that subscribes before it was acknowledged is closed with 4401', async () => {
    const client = await open();
    client.subscribeAs('1');
    expect(await client.closed).toMatchObject({ code: 4401 });
  });

  it.each([
    ['no JSON', '{', 4400],
    ['no message of the protocol', '{"type":"dance"}', 4400],
    ['a message that only servers send', '{"id":"1","type":"next","payload":{}}', 4500],
    ['a message of more than 256 kB', JSON.stringify({ type: 'ping', payload: { x: 'x'.repeat(300_000) } }), 1009],
  ])('that sends %s is closed', async (_what, message, code) => {
    const client = await openKnown();
    client.socket.send(message);
    expect(await client.closed).toMatchObject({ code });
  });

  it('is made at /graphql only', async () => {
    const socket = new WebSocket(gateway.url.replace('http', 'ws'), GRAPHQL_TRANSPORT_WS_PROTOCOL);
    const [error] = await once(socket, 'error');
    expect(error.message).toContain('404');
  });
});

describe('a message that is not text in UTF-8', () => {
  const [inText, inBinary] = [{ binary: false }, { binary: true }];
  const notUtf8 = Buffer.from('{"type":"ping","payload":{"a":"caf\u00e9"}}', 'latin1');

  it.each([
    ['text in Latin-1', notUtf8, inText, 1007],
    ['the same as binary', notUtf8, inBinary, 1003],
    ['good text as binary', Buffer.from('{"type":"ping"}'), inBinary, 1003],
  ])('ends its connection and no other: %s', async (_what, message, form, code) => {
    const other = watch(withKey());
    await begun(other);
    const client = await open();
    client.socket.send(message, form);
    expect((await client.closed).code).toBe(code);
    expect(client.received).toEqual([]);
    const told = other.events.length;
    await gateway.broadcast(generations.changed(id), { version: 2 });
    gateway.answer(generations.get, () => aGeneration({ version: 2 }));
    await waitFor(() => expect(other.events.length).toBeGreaterThan(told));
  });
});

describe('an offer to speak something else than WebSocket', () => {
  const h2c = { connection: 'Upgrade, HTTP2-Settings', upgrade: 'h2c', 'http2-settings': 'AAMAAABkAAQAAP__' };

  async function ask(path: string, method: string, headers: Record<string, string> = {}, body?: string) {
    const sent = request(`${gateway.url}${path}`, { method, headers: { ...h2c, ...headers } }).end(body);
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    return { status: response.statusCode, body: await text(response) };
  }

  it('is ignored, and the request served', async () => {
    const asked = JSON.stringify({ query: '{ generation(id: "x") { id } }' });
    const headers = { 'content-type': 'application/json', 'content-length': String(asked.length), ...withKey() };
    expect(await ask('/graphql', 'POST', headers, asked)).toEqual({
      status: 200,
      body: JSON.stringify({ data: { generation: { id } } }),
    });
    expect((await ask('/healthz', 'GET')).status).toBe(200);
  });
});

describe('the number', () => {
  it('of subscriptions on a connection is limited, and the others go on', async () => {
    const client = await openKnown();
    for (let n = 0; n <= MOST_SUBSCRIPTIONS; n++) client.subscribeAs(String(n));
    await waitFor(() => expect(client.received).toHaveLength(MOST_SUBSCRIPTIONS + 2));
    expect(client.received.filter(({ type }) => type === 'next')).toHaveLength(MOST_SUBSCRIPTIONS);
    expect(client.received.find(({ type }) => type === 'error')).toMatchObject({
      id: String(MOST_SUBSCRIPTIONS),
      payload: [{ extensions: { code: 'RATE_LIMIT', limit: 'subscriptions' } }],
    });
  });

  it('of connections of an account is limited, whichever its keys, and that of another account is its own', async () => {
    const [key, otherKey] = [gateway.newKey(), gateway.newKey()];
    // An account of which no earlier test has left a connection.
    knowKeys(`acc_${'1'.repeat(32)}`, otherKey);
    const all: Awaited<ReturnType<typeof openKnown>>[] = [];
    while (all.length < MOST_CONNECTIONS) {
      // Not all at once: whoever has connected must say within 5 s who it is.
      all.push(...(await Promise.all(Array.from({ length: 10 }, () => openKnown(key)))));
    }
    expect(await watch(withKey()).ended).toMatchObject({
      code: 1013,
      reason: expect.stringMatching(/100 connections/),
    });
    await begun(watch(withKey(otherKey)));

    all[0]!.socket.close();
    await all[0]!.closed;
    // The server may learn of that a moment later.
    await waitFor(async () => {
      const next = watch(withKey());
      expect(await Promise.race([begun(next).then(() => 'begun'), next.ended])).toBe('begun');
    });
    for (const { socket } of all) socket.close();
    await Promise.all(all.map(({ closed }) => closed));
  });
});

describe('a key that is revoked, or of an account that is suspended', () => {
  it.each([
    ['UNAUTHENTICATED', 'This API key is not valid.'],
    ['FORBIDDEN', 'This account is not active.'],
  ] as const)('ends its connections as soon as that is told, and no others: %s', async (code, message) => {
    let version = 1;
    gateway.answer(generations.get, () => aGeneration({ version }));
    // Keys are looked at every few seconds anyway, of the other account too: where the machine took as long, this tells nothing.
    await waitFor(async () => {
      const other = gateway.newKey();
      knowKeys(aPrincipal().accountId, other);
      const stays = watch(withKey(other));
      await begun(stays);
      const goes = watch(withKey());
      await begun(goes);

      refuseKeys(code, message);
      await gateway.broadcast(billing.keysChanged, { accountId: aPrincipal().accountId });
      expect(await goes.ended).toMatchObject({ code: 4403, reason: message });
      const before = stays.events.length;
      version += 1;
      await gateway.broadcast(generations.changed(id), { version });
      const isTold = waitFor(() => expect(stays.events.length).toBeGreaterThan(before)).then(() => 'told');
      expect(await Promise.race([isTold, stays.ended])).toBe('told');
    });
  });

  it('ends them though the broadcast was lost', async () => {
    const subscription = watch(withKey());
    await begun(subscription);
    refuseKeys('UNAUTHENTICATED', 'This API key is not valid.');
    expect(await subscription.ended).toMatchObject({ code: 4403 });
  });

  it('does not end those of which the key is still good, nor any while billing is away', async () => {
    const subscription = watch(withKey());
    await begun(subscription);
    const changed = async () => {
      const before = gateway.asked(billing.authenticate).length;
      await gateway.broadcast(billing.keysChanged, { accountId: aPrincipal().accountId });
      await waitFor(() => expect(gateway.asked(billing.authenticate).length).toBeGreaterThan(before));
    };
    await changed();
    gateway.answer(billing.authenticate, () => {
      throw new DoitongError('INTERNAL', 'Something went wrong on our side. Please try again.');
    });
    await changed();
    gateway.answer(generations.get, () => aGeneration({ version: 2 }));
    await gateway.broadcast(generations.changed(id), { version: 2 });
    await waitFor(() => expect(subscription.events).toHaveLength(2));
  });
});

describe('a client that does not read', () => {
  it('is kept the newest state only, and told that when it reads again', async () => {
    let present: Generation = aGeneration({ metadata: { model: 'm', adjustments: ['x'.repeat(300_000)] } });
    gateway.answer(generations.get, () => present);
    const client = await openKnown();
    client.subscribeAs('1');
    await waitFor(() => expect(client.received).toHaveLength(2));
    client.socket.pause();
    // More than the kernel takes for somebody who does not read.
    const changes = 100;
    for (let n = 1; n <= changes; n++) {
      present = { ...present, version: present.version + 1 };
      const before = gateway.asked(generations.get).length;
      await gateway.broadcast(generations.changed(id), { version: present.version });
      await waitFor(() => expect(gateway.asked(generations.get).length).toBeGreaterThan(before), { intervalMs: 1 });
    }
    client.socket.resume();
    const versions = () =>
      client.received
        .filter(({ type }) => type === 'next')
        .map(({ payload }) => (payload as { data: { generationUpdated: Generation } }).data.generationUpdated.version);
    await waitFor(() => expect(versions().at(-1)).toBe(changes + 1));
    expect(versions()).toEqual([...versions()].sort((a, b) => a - b));
    expect(versions().length).toBeLessThan(changes / 2);
  }, 120_000);

  it('is cut off when it makes answers pile up', async () => {
    const client = await openKnown();
    client.socket.pause();
    for (let n = 0; n < 200; n++) client.say({ type: 'ping', payload: { x: 'x'.repeat(200_000) } });
    await waitFor(() => expect(client.socket.bufferedAmount).toBe(0));
    client.socket.resume();
    expect(await client.closed).toMatchObject({ code: 1006 });
  });
});

describe('a gateway that is told to stop', () => {
  it('closes its connections so that clients come again, and ends with 0', async () => {
    const going = await startGateway();
    const connectionParams = withKey(going.newKey());
    const subscription = subscribe(going.url, { query: WATCH, variables: { id } }, { connectionParams });
    await begun(subscription);
    // One that never says goodbye.
    const silent = new WebSocket(`${going.url.replace('http', 'ws')}/graphql`, GRAPHQL_TRANSPORT_WS_PROTOCOL);
    await once(silent, 'open');
    silent.pause();
    expect(await going.stopService()).toBe(0);
    expect(await subscription.ended).toMatchObject({ code: 1001 });
    silent.terminate();
    await going.stop();
  });
});
