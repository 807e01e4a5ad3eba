import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { ServerProcess } from '@doitong/local-servers';
import { createTestDatabase, type TestDatabase, waitFor } from '@doitong/support';
import { afterAll, beforeAll, expect, it } from '@jest/globals';

/** Runs what `npm run build` has built. */
const MAIN = fileURLToPath(new URL('../__fixtures__/transactions-main.mjs', import.meta.url));
const PATIENCE = { timeoutMs: 60_000 };
const READY_FOR_QUERY = Buffer.from('Z\0\0\0\x05I', 'latin1');
const TERMINATED = message('E', 'SFATAL\0VFATAL\0C57P01\0Mterminating connection due to administrator command\0\0');

function message(type: string, body: string): Buffer {
  const size = Buffer.alloc(4);
  size.writeInt32BE(body.length + 4);
  return Buffer.concat([Buffer.from(type), size, Buffer.from(body)]);
}

let database: TestDatabase;
let proxy: Server;
let child: ServerProcess;
const lines: string[] = [];
const sockets = new Set<Socket>();
/** While it fails over, whoever is let in is sent away with the same packet. */
let failingOver = false;
let sentAway = 0;

beforeAll(async () => {
  database = await createTestDatabase();
  const { hostname, port } = new URL(database.url);
  proxy = createServer((client) => {
    const server = connect(Number(port), hostname);
    for (const socket of [client, server]) {
      sockets.add(socket);
      socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    }
    client.pipe(server);
    client.on('close', () => server.destroy());
    server.on('close', () => client.destroy());
    server.on('data', (chunk: Buffer) => {
      if (!failingOver || !chunk.includes(READY_FOR_QUERY)) return client.write(chunk);
      sentAway += 1;
      return client.end(Buffer.concat([chunk, TERMINATED]));
    });
  }).listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const url = new URL(database.url);
  url.host = `127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  child = new ServerProcess('transactions', process.execPath, [MAIN], {
    env: { ...process.env, NODE_OPTIONS: '', DATABASE_URL: url.href },
    log: (line) => void lines.push(line),
    orphanSignal: 'SIGKILL',
  });
}, 120_000);
afterAll(async () => {
  await child?.stop([['SIGKILL', 60_000]]);
  for (const socket of sockets) socket.destroy();
  proxy?.close();
  await database?.drop();
});

it('a process survives a PostgreSQL that ends connections in the moment of their beginning, and works on when it is back', async () => {
  await waitFor(() => expect(lines).toContain('done'), PATIENCE);
  failingOver = true;
  for (const socket of sockets) socket.destroy();
  await waitFor(() => {
    expect(sentAway).toBeGreaterThan(5);
    expect(child.running).toBe(true);
  }, PATIENCE);
  failingOver = false;
  const before = lines.length;
  await waitFor(() => expect(lines.slice(before)).toContain('done'), PATIENCE);
  expect(child.running).toBe(true);
}, 180_000);
