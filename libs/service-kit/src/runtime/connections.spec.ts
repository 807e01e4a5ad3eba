import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { type RawConnection, rawConnection, UNFINISHED, waitFor } from '@doitong/support';
import { afterEach, expect, it } from '@jest/globals';
import { Controller, Get, Module, Res } from '@nestjs/common';
import { type Gate, gate, openGates } from '../__fixtures__/gate.js';
import { type RunningService, type ServiceOptions, startService } from './run-service.js';

/** More than the kernel takes for somebody who does not read. */
const LARGE = 64 * 1024 * 1024;
const AN_HOUR = 3_600_000;

let begun: Gate;
let held: Gate;

@Controller()
class DeskController {
  @Get('slow')
  async slow(): Promise<string> {
    begun.open();
    await held.passed;
    return 'done';
  }

  @Get('large')
  large(@Res() reply: { raw: ServerResponse }): void {
    reply.raw.end(Buffer.alloc(LARGE));
  }
}
@Module({ controllers: [DeskController] })
class DeskModule {}

const started: RunningService[] = [];
const clients: Socket[] = [];
/** The server's ends of connections, by the port of the client. */
const ends = new Map<number, Socket>();
afterEach(async () => {
  openGates();
  for (const client of clients.splice(0)) client.destroy();
  await Promise.all(started.splice(0).map((service) => service.stop()));
});

async function start(options: Partial<ServiceOptions>): Promise<RunningService> {
  [begun, held] = [gate(), gate()];
  const modules = [{ module: DeskModule }];
  const service = await startService({
    ...{ name: 'desk', modules, host: '127.0.0.1', port: 0, logLevel: 'silent' },
    ...options,
  });
  started.push(service);
  service.app.getHttpServer().on('connection', (socket: Socket) => ends.set(socket.remotePort!, socket));
  return service;
}

async function client({ url }: RunningService, sent?: string): Promise<RawConnection> {
  const connection = await rawConnection(url, sent);
  clients.push(connection.socket);
  return connection;
}

const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: desk\r\n\r\n`;

it('a stop ends connections on which nothing is asked at once', async () => {
  const service = await start({ stopGraceMs: AN_HOUR });
  const [silent, idle] = [await client(service), await client(service, get('/healthz'))];
  await once(idle.socket, 'data');
  await service.stop();
  expect(await silent.said).toBe('');
  expect(await idle.said).toContain('200 OK');
});

it('a stop waits for the requests in hand, and takes no others', async () => {
  const service = await start({ stopGraceMs: AN_HOUR });
  const { said } = await client(service, get('/slow'));
  await begun.passed;
  const stopped = service.stop();
  await waitFor(() => expect(fetch(`${service.url}/healthz`)).rejects.toThrow());
  held.open();
  await stopped;
  expect(await said).toMatch(/^HTTP\/1.1 200 OK.*done$/s);
});

it('a stop cuts off, when its grace is over, what is still open: half a request, and an answer that nobody reads', async () => {
  const service = await start({ stopGraceMs: 200 });
  const [half, paused] = [await client(service, UNFINISHED), await client(service, get('/large'))];
  await once(paused.socket, 'data');
  paused.socket.pause();
  await service.stop();
  paused.socket.resume();
  expect(await half.said).toBe('');
  await paused.said;
});

it('a request that does not become whole in time is answered with 408', async () => {
  const service = await start({ httpLimits: { requestTimeout: 500 } });
  const { said } = await client(service, UNFINISHED);
  expect(await said).toMatch(/^HTTP\/1.1 408 /);
});

it('a client that reads nothing of its answer for too long is cut off, one that reads slowly is not', async () => {
  const service = await start({ httpLimits: { connectionTimeout: 2_000 } });
  // Again where the machine stood still for as long as that.
  await waitFor(async () => {
    const [slow, stuck] = [await client(service, get('/large')), await client(service, get('/large'))];
    await once(stuck.socket, 'data');
    stuck.socket.pause();
    const end = ends.get(stuck.socket.localPort!)!;
    while (!end.destroyed) {
      slow.socket.pause();
      await sleep(50);
      slow.socket.resume();
      await Promise.race([once(slow.socket, 'data'), slow.said]);
    }
    expect(ends.get(slow.socket.localPort!)!.destroyed).toBe(false);
  });
});

it('every service has these limits', async () => {
  const { requestTimeout, timeout } = (await start({})).app.getHttpServer();
  expect({ requestTimeout, timeout }).toEqual({ requestTimeout: 45_000, timeout: 600_000 });
});
