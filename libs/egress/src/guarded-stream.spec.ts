import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { waitFor } from '@doitong/support';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type GuardedStream, guardedStream } from './guarded-stream.js';

const base: GuardedStream = { timeoutMs: 30_000, allowHttp: true, ports: 'any' };
const trusting: GuardedStream = { ...base, trusts: ({ hostname }) => hostname === '127.0.0.1' };
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
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  port = (server.address() as AddressInfo).port;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

function answersWith(next: typeof answer): string {
  asked = [];
  answer = next;
  return `http://127.0.0.1:${port}/file`;
}

describe('a guarded stream', () => {
  it('has the body of a 200, of any length, without its content codings', async () => {
    const body = 'x'.repeat(3_000_000);
    const url = answersWith((_, response) =>
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(body)),
    );
    const { status, body: stream } = await guardedStream(url, trusting);
    expect(status).toBe(200);
    expect(String(await buffer(stream!))).toBe(body);
  });

  it('breaks where its body is cut off, in its own coding too', async () => {
    const packed = gzipSync('x'.repeat(100_000)).subarray(0, 60);
    for (const length of [60, 100]) {
      const url = answersWith((_, response) => {
        response
          .writeHead(200, { 'content-encoding': 'gzip', 'content-length': length })
          .write(packed, () => (length === packed.length ? response.end() : response.socket?.end()));
      });
      const { body } = await guardedStream(url, trusting);
      await expect(buffer(body!)).rejects.toHaveProperty('code');
    }
  });

  it('has no body of any other answer, which is not waited for', async () => {
    const url = answersWith((_, response) => response.writeHead(404).write('and so on'));
    const { status, body } = await guardedStream(url, trusting);
    expect([status, body]).toEqual([404, undefined]);
  });

  it('takes informational answers for what they are', async () => {
    const url = answersWith((_, response) => {
      response.writeContinue();
      response.writeEarlyHints({ link: '</a>; rel=preload' });
      response.end('file');
    });
    const { body } = await guardedStream(url, trusting);
    expect(String(await buffer(body!))).toBe('file');
  });

  it.each(['http://10.0.0.1/', 'http://localhost/', 'http://[::ffff:169.254.169.254]/', 'http://127.0.0.1:4222/'])(
    'is refused at %s, and where a redirect leads there',
    async (inside) => {
      await expect(guardedStream(inside, base)).rejects.toMatchObject(refused('address'));
      const url = answersWith((_, response) => response.writeHead(302, { location: inside }).end());
      const trusts = ({ host }: URL) => host === `127.0.0.1:${port}`;
      const following = guardedStream(url, { ...base, trusts, redirects: 2 });
      await expect(following).rejects.toMatchObject(refused('address'));
      expect(asked).toHaveLength(1);
    },
  );

  it('is refused at a name that leads inside, unless the operator trusts that name, which the system then finds', async () => {
    answersWith((_, response) => response.end('file'));
    const url = `http://localhost:${port}/`;
    await expect(guardedStream(url, base)).rejects.toMatchObject(refused('address'));
    const resolve = async () => [{ address: '10.0.0.1', family: 4 }];
    await expect(guardedStream('http://cdn.example/', { ...base, resolve })).rejects.toMatchObject(refused('address'));
    const { body } = await guardedStream(url, { ...base, trusts: ({ hostname }) => hostname === 'localhost' });
    expect(String(await buffer(body!))).toBe('file');
  });

  it('trusts nobody with another scheme', async () => {
    await expect(guardedStream('file:///etc/passwd', { ...base, trusts: () => true })).rejects.toMatchObject(
      refused('scheme'),
    );
  });

  it("sends credentials to the URL's own origin only", async () => {
    const elsewhere = `http://localhost:${port}/there`;
    const url = answersWith(({ url: path }, response) => {
      if (path === '/file') response.writeHead(302, { location: '/moved' }).end();
      else if (path === '/moved') response.writeHead(302, { location: elsewhere }).end();
      else response.end('file');
    });
    const options = {
      ...base,
      trusts: () => true,
      redirects: 5,
      headers: { 'x-all': '1' },
      ownHeaders: { 'x-key': 's' },
    };
    await buffer((await guardedStream(url, options)).body!);
    expect(asked.map(({ headers }) => [headers['x-all'], headers['x-key']])).toEqual([
      ['1', 's'],
      ['1', 's'],
      ['1', undefined],
    ]);
  });

  it('ends when the time to the head of its answer is up, and not while the body comes', async () => {
    const silent = answersWith(() => {});
    await expect(guardedStream(silent, { ...trusting, timeoutMs: 200 })).rejects.toMatchObject({
      name: 'TimeoutError',
    });
    // Again where a busy machine takes as long for the head alone.
    await waitFor(async () => {
      const url = answersWith((_, response) => {
        response.write('slow ');
        setTimeout(() => response.end('file'), 1_200);
      });
      const { body } = await guardedStream(url, { ...trusting, timeoutMs: 1_000 });
      expect(String(await buffer(body!))).toBe('slow file');
    });
  });

  it('ends with its signal, before the head of its answer and after it, and hangs up', async () => {
    for (const when of ['before', 'after']) {
      const ending = new AbortController();
      let hungUp = () => {};
      const closed = new Promise<void>((resolve) => {
        hungUp = resolve;
      });
      const url = answersWith((_, response) => {
        response.on('close', hungUp);
        if (when === 'after') response.write('x');
        else ending.abort(new Error('enough'));
      });
      const taken = guardedStream(url, { ...trusting, signal: ending.signal }).then(({ body }) => {
        body!.once('data', () => ending.abort(new Error('enough')));
        return buffer(body!);
      });
      await expect(taken).rejects.toThrow(/enough|aborted/);
      await closed;
    }
  });
});
