import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { waitFor } from '@doitong/support';
import { afterEach, expect, it } from '@jest/globals';
import { readableLogger } from '../__fixtures__/logs.js';
import { onAnyPort } from '../__fixtures__/parrot.js';
import { startService } from '../runtime/run-service.js';
import { connectNats } from './connect-nats.js';
import { MessageBus } from './message-bus.js';

const INFO = {
  server_id: 'X',
  version: '2.9.10',
  proto: 1,
  headers: true,
  max_payload: 1_048_576,
  auth_required: true,
};

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** Speaks as much of NATS as it takes to let clients in, or to refuse them as a server does that was too slow to do so. */
async function startGatekeeper() {
  const gate = { refusing: false, refused: 0 };
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    socket.write(`INFO ${JSON.stringify(INFO)}\r\n`);
    socket.on('data', (chunk) => {
      if (gate.refusing) {
        gate.refused += 1;
        socket.end("-ERR 'Authentication Timeout'\r\n");
      } else {
        for (const _ping of String(chunk).matchAll(/PING\r\n/g)) socket.write('PONG\r\n');
      }
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  ends.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return {
    url: `nats://user:password@127.0.0.1:${(server.address() as AddressInfo).port}`,
    gate,
    cut: () => {
      for (const socket of sockets) socket.destroy();
    },
  };
}

it('a connection that is refused again and again when it comes back is kept up, and works when it is let in', async () => {
  const { url, gate, cut } = await startGatekeeper();
  const connection = await connectNats(url, 'parrot', readableLogger('parrot').logger);
  ends.push(() => connection.close());
  gate.refusing = true;
  cut();
  await waitFor(() => expect(gate.refused).toBeGreaterThan(3));
  gate.refusing = false;
  await waitFor(() => connection.flush());
  expect(connection.isClosed()).toBe(false);
});

it('a service whose connection has ended for good says that it is lost, and one that stops does not', async () => {
  const { url } = await startGatekeeper();
  const [losing, stopping] = [await startService(onAnyPort('one', url)), await startService(onAnyPort('two', url))];
  const outcomes: string[] = [];
  for (const service of [losing, stopping]) {
    service.lost.then(({ message }) => outcomes.push(`${service === losing ? 'losing' : 'stopping'}: ${message}`));
  }
  await stopping.stop();
  await losing.app.get(MessageBus).connection.close();
  await losing.lost;
  expect(outcomes).toEqual(['losing: NATS is gone for good']);
  await losing.stop();
});
