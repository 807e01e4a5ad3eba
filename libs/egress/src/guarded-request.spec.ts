import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { waitFor } from '@doitong/support';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type GuardedRequest, guardedRequest } from './guarded-request.js';

const base: GuardedRequest = { method: 'GET', timeoutMs: 30_000, maxResponseBytes: 10_000, allowHttp: true };
const local: GuardedRequest = { ...base, allowLoopback: true };
const addresses = (...list: string[]) => list.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
const refused = (reason: string) => ({ name: 'EgressRefusedError', reason });

let server: Server;
let port: number;
let asked: IncomingMessage[];
let answer: (request: IncomingMessage, response: ServerResponse) => void;
beforeAll(async () => {
  server = createServer((request, response) => {
    asked.push(request);
    answer(request, response);
  });
  // It is not the one that closes idle connections.
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  port = (server.address() as AddressInfo).port;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

function answersWith(next: typeof answer): void {
  asked = [];
  answer = next;
}

describe('a name that leads where nobody has us connect to', () => {
  it.each([
    ['loopback', '127.0.0.1'],
    ['loopback, not the usual one', '127.8.8.8'],
    ['this host', '0.0.0.0'],
    ['private, 10/8', '10.0.0.1'],
    ['private, 172.16/12', '172.31.255.255'],
    ['private, 192.168/16', '192.168.1.1'],
    ['shared by a carrier', '100.64.0.1'],
    ['metadata of a cloud, link-local', '169.254.169.254'],
    ['metadata of a cloud, shared range', '100.100.100.200'],
    ['metadata of a cloud, reserved range', '192.0.0.192'],
    ['metadata of a cloud, public range', '168.63.129.16'],
    ['documentation', '192.0.2.1'],
    ['documentation', '198.51.100.1'],
    ['documentation', '203.0.113.1'],
    ['benchmarking', '198.18.0.1'],
    ['6to4 relay', '192.88.99.1'],
    ['multicast', '224.0.0.1'],
    ['reserved', '240.0.0.1'],
    ['broadcast', '255.255.255.255'],
    ['IPv6 loopback', '::1'],
    ['no address', '::'],
    ['unique local', 'fc00::1'],
    ['metadata of a cloud, unique local', 'fd00:ec2::254'],
    ['link-local', 'fe80::1'],
    ['link-local with a zone', 'fe80::1%eth0'],
    ['site-local', 'fec0::1'],
    ['IPv6 multicast', 'ff02::1'],
    ['IPv4 mapped', '::ffff:127.0.0.1'],
    ['IPv4 mapped, in hexadecimal', '::ffff:a9fe:a9fe'],
    ['IPv4 mapped, even a public one', '::ffff:8.8.8.8'],
    ['IPv4 compatible', '::127.0.0.1'],
    ['IPv4 compatible, in hexadecimal', '::7f00:1'],
    ['IPv4 translated', '::ffff:0:127.0.0.1'],
    ['NAT64', '64:ff9b::7f00:1'],
    ['NAT64, local use', '64:ff9b:1::1'],
    ['6to4', '2002:7f00:1::'],
    ['Teredo', '2001:0:7f00:1::'],
    ['IPv6 documentation', '2001:db8::1'],
    ['IPv6 documentation', '3fff::1'],
    ['discard', '100::1'],
    ['segment routing', '5f00::1'],
    ['not routed', '4000::1'],
    ['not an address', 'example.com'],
  ])('is refused: %s, %s', async (_what, address) => {
    const resolve = async () => addresses(address);
    await expect(guardedRequest('http://vendor.example/', { ...base, resolve })).rejects.toMatchObject(
      refused('address'),
    );
  });

  it.each([[['93.184.216.34', '10.0.0.1']], [['2606:4700::1111', '::1']], [['93.184.216.34', 'fd00::1']]])(
    'is refused although another of its addresses is public: %j',
    async (list) => {
      const resolve = async () => addresses(...list);
      await expect(guardedRequest('http://vendor.example/', { ...base, resolve })).rejects.toMatchObject(
        refused('address'),
      );
    },
  );

  it('is refused without a word on the address that was found', async () => {
    const resolve = async () => addresses('10.1.2.3');
    const request = guardedRequest('http://vendor.example/', { ...base, resolve });
    await expect(request).rejects.toThrow(/^The URL does not lead to a public address\.$/);
  });

  it('is refused when it leads nowhere, which is another reason than that nobody could say where', async () => {
    const failing = (code: string) => async () => Promise.reject(Object.assign(new Error(code), { code }));
    const reasons = [
      [async () => [], 'unresolved'],
      [failing('ENOTFOUND'), 'unresolved'],
      [failing('ESERVFAIL'), 'look-up'],
      [failing('ETIMEOUT'), 'look-up'],
    ] as const;
    for (const [resolve, reason] of reasons) {
      await expect(guardedRequest('http://vendor.example/', { ...base, resolve })).rejects.toMatchObject(
        refused(reason),
      );
    }
  });

  it('is refused at the attempt at which it begins to: every attempt looks it up and checks it', async () => {
    answersWith((_, response) => response.end('here'));
    const answers = [addresses('127.0.0.1'), addresses('10.0.0.1')];
    let lookUps = 0;
    const resolve = async () => answers[lookUps++]!;
    const options = { ...local, ports: [port], resolve };
    const url = `http://rebinding.example:${port}/`;
    expect(String((await guardedRequest(url, options)).body)).toBe('here');
    expect(lookUps).toBe(1);
    await expect(guardedRequest(url, options)).rejects.toMatchObject(refused('address'));
    expect(asked).toHaveLength(1);
  });
});

describe('a guarded request', () => {
  it.each([
    'http://127.0.0.1/',
    'http://[::1]/',
    'http://[::ffff:127.0.0.1]/',
    'http://2130706433/',
    'http://localhost/',
  ])('to %s is refused before anything is looked up', async (url) => {
    const resolve = async () => Promise.reject(new Error('looked up'));
    await expect(guardedRequest(url, { ...base, resolve })).rejects.toMatchObject(refused('address'));
  });

  it('carries method, headers and body, and brings back status, headers and body', async () => {
    const sent: Buffer[] = [];
    answersWith((request, response) => {
      request.on('data', (chunk) => sent.push(chunk));
      request.on('end', () => response.writeHead(201, { 'x-answer': 'yes' }).end('thanks'));
    });
    const url = `http://127.0.0.1:${port}/hook?a=1`;
    const options = { ...local, method: 'POST' as const, headers: { 'x-mine': 'one' }, body: 'payload' };
    const { status, headers, body } = await guardedRequest(url, options);
    expect([status, headers['x-answer'], String(body)]).toEqual([201, 'yes', 'thanks']);
    expect(asked[0]).toMatchObject({ method: 'POST', url: '/hook?a=1' });
    expect(asked[0]?.headers['x-mine']).toBe('one');
    expect(String(Buffer.concat(sent))).toBe('payload');
  });

  it('connects to the address that was checked, under the name that was asked for', async () => {
    answersWith((_, response) => response.end());
    const resolve = async () => addresses('127.0.0.1');
    await guardedRequest(`http://vendor.example:${port}/`, { ...local, ports: [port], resolve });
    expect(asked[0]?.headers.host).toBe(`vendor.example:${port}`);
  });

  it('asks for the certificate of that name', async () => {
    let hello = '';
    const tcp = createTcpServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', (bytes) => {
        hello = bytes.toString('latin1');
        socket.destroy();
      });
    });
    await new Promise<void>((done) => tcp.listen(0, '127.0.0.1', done));
    const tcpPort = (tcp.address() as AddressInfo).port;
    const resolve = async () => addresses('127.0.0.1');
    const request = guardedRequest(`https://vendor.example:${tcpPort}/`, { ...local, ports: [tcpPort], resolve });
    await expect(request).rejects.toThrow();
    tcp.close();
    expect(hello).toContain('vendor.example');
  });

  it('follows no redirect', async () => {
    answersWith((_, response) => response.writeHead(302, { location: `http://127.0.0.1:${port}/inner` }).end());
    const { status } = await guardedRequest(`http://127.0.0.1:${port}/`, local);
    expect(status).toBe(302);
    expect(asked).toHaveLength(1);
  });

  describe('that follows redirects', () => {
    const following: GuardedRequest = { ...local, redirects: 2 };
    const to = (location: string, status = 302) => ({ status, location });
    /** Answers each path with where it leads on to, or with its name. */
    const leading = (paths: Record<string, { status: number; location: string }>) =>
      answersWith((request, response) => {
        const next = paths[request.url ?? ''];
        if (next) response.writeHead(next.status, { location: next.location }).end('moved');
        else response.end(`at ${request.url}`);
      });
    const get = (path: string, options = following) => guardedRequest(`http://127.0.0.1:${port}${path}`, options);

    it.each([
      ['relative', '/b?c=1', '/b?c=1'],
      ['relative to the path', 'b', '/a/b'],
      ['in full', () => `http://127.0.0.1:${port}/b`, '/b'],
      ['without a scheme', () => `//127.0.0.1:${port}/b`, '/b'],
      ['in raw UTF-8', () => Buffer.from('/caf\u00e9').toString('latin1'), '/caf%C3%A9'],
    ])('goes where Location leads, %s', async (_how, location, path) => {
      leading({ '/a/x': to(typeof location === 'string' ? location : location()) });
      const { status, body } = await get('/a/x');
      expect([status, String(body)]).toEqual([200, `at ${path}`]);
    });

    it.each([301, 302, 303, 307, 308])('knows %d, and sends its headers on', async (status) => {
      leading({ '/a': to('/b', status) });
      await get('/a', { ...following, headers: { 'x-mine': 'one' } });
      expect(asked.map(({ url, headers }) => [url, headers['x-mine']])).toEqual([
        ['/a', 'one'],
        ['/b', 'one'],
      ]);
    });

    it('follows as many as allowed, and refuses one more, a loop too', async () => {
      leading({ '/a': to('/b'), '/b': to('/c'), '/c': to('/d'), '/loop': to('/loop') });
      expect(String((await get('/b')).body)).toBe('at /d');
      for (const path of ['/a', '/loop']) {
        leading({ '/a': to('/b'), '/b': to('/c'), '/c': to('/d'), '/loop': to('/loop') });
        await expect(get(path)).rejects.toMatchObject(refused('redirects'));
        expect(asked).toHaveLength(3);
      }
    });

    it.each([
      ['address', 'http://10.0.0.1/'],
      ['address', 'http://[::ffff:169.254.169.254]/latest/meta-data/'],
      ['scheme', 'file:///etc/passwd'],
      ['scheme', 'ftp://example.com/'],
      ['credentials', 'http://a:b@example.com/'],
      ['port', 'http://example.com:22/'],
      ['url', 'http://'],
    ])('is refused for its %s where one leads to %s', async (reason, location) => {
      leading({ '/a': to(location) });
      await expect(get('/a')).rejects.toMatchObject(refused(reason));
      expect(asked).toHaveLength(1);
    });

    it('looks up the name of each hop', async () => {
      const inside: Record<string, string> = { 'a.example': '127.0.0.1', 'b.example': '10.0.0.1' };
      const resolve = async (host: string) => addresses(inside[host]!);
      leading({ '/': to(`http://b.example:${port}/`) });
      const request = guardedRequest(`http://a.example:${port}/`, { ...following, ports: [port], resolve });
      await expect(request).rejects.toMatchObject(refused('address'));
    });

    it('takes no more bytes on all hops together than allowed', async () => {
      leading({ '/a': to('/b') });
      expect(String((await get('/a', { ...following, maxResponseBytes: 10 })).body)).toBe('at /b');
      await expect(get('/a', { ...following, maxResponseBytes: 9 })).rejects.toThrow('longer than 9 bytes');
    });

    it('ends when the time of all hops together is up', async () => {
      answersWith((request, response) => {
        if (request.url === '/a') response.writeHead(302, { location: '/b' }).end();
      });
      await expect(get('/a', { ...following, timeoutMs: 300 })).rejects.toMatchObject({ name: 'TimeoutError' });
    });

    it('answers with what has no place to lead to as it is', async () => {
      answersWith((_, response) => response.writeHead(304).end());
      expect((await get('/a')).status).toBe(304);
    });
  });

  it('ends when its signal aborts, with the reason', async () => {
    const ending = new AbortController();
    answersWith(() => ending.abort(new Error('enough')));
    const url = `http://127.0.0.1:${port}/`;
    await expect(guardedRequest(url, { ...local, signal: ending.signal })).rejects.toThrow('enough');
    await expect(guardedRequest(url, { ...local, signal: ending.signal })).rejects.toThrow('enough');
    expect(asked).toHaveLength(1);
  });

  it('is not sent into a connection that the server is about to close', async () => {
    answersWith((_, response) => response.writeHead(200, { 'keep-alive': 'timeout=1' }).end('done'));
    for (let n = 1; n <= 2; n++) {
      await guardedRequest(`http://127.0.0.1:${port}/`, local);
      await freed();
    }
    expect(new Set(asked.map(({ socket }) => socket)).size).toBe(2);
  });

  describe('that is answered by informational responses first', () => {
    const final = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
    const goOn = 'HTTP/1.1 100 Continue\r\n\r\n';
    it.each([
      ['100', goOn],
      ['100, twice', goOn + goOn],
      ['100 with headers', 'HTTP/1.1 100 Continue\r\nX-A: b\r\n\r\n'],
      ['102', 'HTTP/1.1 102 Processing\r\n\r\n'],
      ['103', 'HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n'],
      ['all of them', `${goOn}HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n`],
    ])('has the final one for its answer: %s', async (_what, first) => {
      const { url, close } = await speaking((socket) => {
        socket.write(first);
        setImmediate(() => socket.write(final));
      });
      const together = await speaking((socket) => socket.write(first + final));
      for (const target of [url, together.url]) {
        const { status, body } = await guardedRequest(target, { ...local, method: 'POST', body: 'x' });
        expect([status, String(body)]).toEqual([200, 'ok']);
      }
      close();
      together.close();
    });

    it('ends when its time is up although they never end', async () => {
      const { url, close } = await speaking((socket) => {
        const timer = setInterval(() => socket.write(goOn), 20);
        socket.on('close', () => clearInterval(timer));
      });
      await expect(guardedRequest(url, { ...local, timeoutMs: 300 })).rejects.toMatchObject({ name: 'TimeoutError' });
      close();
    });

    it('fails when the server would speak something else from here on', async () => {
      const { url, close } = await speaking((socket) =>
        socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n'),
      );
      await expect(guardedRequest(url, local)).rejects.toHaveProperty('code');
      close();
    });
  });

  it.each([
    ['nothing', ''],
    ['what is no HTTP', 'hello\r\n'],
    ['half of what it promised', 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok'],
    ['half of its headers', 'HTTP/1.1 200 OK\r\nContent-'],
  ])('fails with a code when the server says %s, and hangs up', async (_what, said) => {
    const { url, close } = await speaking((socket) => socket.end(said));
    await expect(guardedRequest(url, local)).rejects.toHaveProperty('code', expect.any(String));
    close();
  });

  it.each([
    ['in one piece', (response: ServerResponse) => response.end('x'.repeat(11))],
    ['in pieces, the first as long as allowed', inPieces],
    ['for ever', forEver],
  ])('takes no more bytes than allowed, sent %s', async (_how, send) => {
    answersWith((_, response) => send(response));
    const url = `http://127.0.0.1:${port}/`;
    await expect(guardedRequest(url, { ...local, maxResponseBytes: 10 })).rejects.toThrow('longer than 10 bytes');
    const cut = await guardedRequest(url, { ...local, maxResponseBytes: 10, truncate: true });
    expect(String(cut.body)).toBe('x'.repeat(10));
  });

  it('uses no proxy, whatever the environment names', async () => {
    answersWith((_, response) => response.end('itself'));
    const names = ['http_proxy', 'HTTP_PROXY', 'https_proxy', 'HTTPS_PROXY', 'ALL_PROXY', 'NODE_USE_ENV_PROXY'];
    const before = names.map((name) => process.env[name]);
    for (const name of names) process.env[name] = name === 'NODE_USE_ENV_PROXY' ? '1' : 'http://127.0.0.1:1';
    try {
      const { body } = await guardedRequest(`http://127.0.0.1:${port}/here`, local);
      expect([String(body), asked[0]?.url]).toEqual(['itself', '/here']);
    } finally {
      names.forEach((name, n) => {
        if (before[n] === undefined) delete process.env[name];
        else process.env[name] = before[n];
      });
    }
  });

  it.each([
    '/a\r\nx-evil: 1',
    '/a%0d%0ax-evil:%201',
    '/a HTTP/1.1\r\nx-evil: 1\r\n\r\nGET /b',
    '/a?b=\nx-evil: 1',
    '/a\u560d\u560ax-evil: 1',
  ])('has no headers but its own, whatever the URL holds: %j', async (path) => {
    answersWith((_, response) => response.end());
    await guardedRequest(`http://127.0.0.1:${port}${path}`, { ...local, headers: { 'x-mine': 'one' } });
    expect(asked).toHaveLength(1);
    expect(Object.keys(asked[0]!.headers).sort()).toEqual(['connection', 'host', 'x-mine']);
  });

  it('takes as many bytes as allowed', async () => {
    answersWith((_, response) => response.end('x'.repeat(10)));
    const { body } = await guardedRequest(`http://127.0.0.1:${port}/`, { ...local, maxResponseBytes: 10 });
    expect(body).toHaveLength(10);
  });

  it.each([
    ['never answers', () => {}],
    [
      'dribbles its headers',
      (response: ServerResponse) =>
        dribble(response, (n) => response.socket?.write(n ? `x-${n}: y\r\n` : 'HTTP/1.1 200 OK\r\n')),
    ],
    ['dribbles its body', (response: ServerResponse) => dribble(response, () => response.write('x'))],
  ])('ends when its time is up although the server %s', async (_how, behave) => {
    answersWith((_, response) => behave(response));
    const request = guardedRequest(`http://127.0.0.1:${port}/`, { ...local, timeoutMs: 300 });
    await expect(request).rejects.toMatchObject({ name: 'TimeoutError' });
  });

  it('ends when its time is up although the look-up does not', async () => {
    const resolve = () => new Promise<never>(() => {});
    const request = guardedRequest('http://vendor.example/', { ...base, timeoutMs: 300, resolve });
    await expect(request).rejects.toMatchObject({ name: 'TimeoutError' });
  });

  it('sends the next one over the same connection, which is closed soon when there is none', async () => {
    const url = `http://127.0.0.1:${port}/`;
    await unhurried(async () => {
      answersWith((_, response) => response.end('done'));
      for (let n = 1; n <= 3; n++) {
        await guardedRequest(url, local);
        await freed();
      }
      expect(new Set(asked.map(({ socket }) => socket)).size).toBe(1);
    });
    const socket = asked[0]!.socket;
    if (!socket.destroyed) await new Promise((closed) => socket.once('close', closed));
    expect(socket.destroyed).toBe(true);
  });

  it('uses no connection to an address that the name has no more', async () => {
    const url = `http://vendor.example:${port}/`;
    const answers = [
      addresses('127.0.0.1'),
      addresses('127.0.0.1'),
      addresses('127.0.0.1', '::1'),
      addresses('127.0.0.1'),
    ];
    await unhurried(async () => {
      answersWith((_, response) => response.end('done'));
      for (const answer of answers) {
        await guardedRequest(url, { ...local, ports: [port], resolve: async () => answer });
        await freed();
      }
      const [first, second, third, fourth] = asked.map(({ socket }) => socket);
      expect([second === first, third === first, fourth === first]).toEqual([true, false, true]);
    });
    const elsewhere = guardedRequest(url, { ...local, ports: [port], resolve: async () => addresses('10.0.0.1') });
    await expect(elsewhere).rejects.toMatchObject(refused('address'));
  });

  it('does not send again what a connection that has served before breaks off', async () => {
    const url = `http://127.0.0.1:${port}/`;
    await unhurried(async () => {
      answersWith((request, response) => (asked.length > 1 ? request.socket.destroy() : response.end('done')));
      await guardedRequest(url, { ...local, method: 'POST', body: 'x' });
      await freed();
      await expect(guardedRequest(url, { ...local, method: 'POST', body: 'x' })).rejects.toHaveProperty('code');
      expect(asked).toHaveLength(2);
      expect(asked[1]!.socket).toBe(asked[0]!.socket);
    });
  });
});

/** A server that says to each request what it likes, HTTP or not. */
async function speaking(speak: (socket: Socket) => void) {
  const tcp = createTcpServer((socket) => socket.on('error', () => {}).once('data', () => speak(socket)));
  await new Promise<void>((done) => tcp.listen(0, '127.0.0.1', done));
  return { url: `http://127.0.0.1:${(tcp.address() as AddressInfo).port}/`, close: () => tcp.close() };
}

/** A connection is free a few turns after the end of its answer. */
async function freed(): Promise<void> {
  for (let turns = 0; turns < 10; turns++) await turn();
}

/** Idle connections are closed after two seconds: when a machine stood still for so long, it is done again. */
const unhurried = (work: () => Promise<void>) => waitFor(work, { timeoutMs: 40_000 });

function inPieces(response: ServerResponse): void {
  response.write('x'.repeat(10));
  setTimeout(() => response.end('x'), 20);
}

function forEver(response: ServerResponse): void {
  dribble(response, () => response.write('x'.repeat(6)));
}

function dribble(response: ServerResponse, write: (n: number) => void): void {
  let n = 0;
  const timer = setInterval(() => write(n++), 20);
  response.on('close', () => clearInterval(timer));
}
