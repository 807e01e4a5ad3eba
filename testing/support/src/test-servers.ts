import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type LocalServer, startNats, startPostgres } from '@doitong/local-servers';
import { BROKER_VARIABLE } from './server-url.js';
import { temporaryFolder } from './temporary-folder.js';

let close = async () => {};

/**
 * Serves, for one test run, the URLs of one PostgreSQL and one nats-server, each started when a suite first asks for it:
 * `GET /postgres` and `GET /nats` on the URL in the environment variable that workers inherit.
 */
export async function openTestServers(): Promise<void> {
  const folder = await temporaryFolder();
  const starts: Record<string, () => Promise<LocalServer>> = {
    '/postgres': () => startPostgres({ directory: join(folder.path, 'postgres'), settings: POSTGRES_SETTINGS }),
    '/nats': () => startNats({ directory: join(folder.path, 'nats') }),
  };
  const started = new Map<string, Promise<LocalServer>>();
  const broker = createServer((request, response) => {
    // The workers' connections outlive a suite: one that was closed for idleness just now would fail the next suite.
    response.shouldKeepAlive = false;
    const path = request.url ?? '';
    const server = started.get(path) ?? starts[path]?.();
    if (!server) return void response.writeHead(404).end();
    started.set(path, server);
    server.then(
      ({ url }) => response.end(url),
      (error: Error) => response.writeHead(500).end(error.message),
    );
  }).listen(0, '127.0.0.1');
  await once(broker, 'listening');
  process.env[BROKER_VARIABLE] = `http://127.0.0.1:${(broker.address() as AddressInfo).port}`;

  close = async () => {
    broker.close();
    broker.closeAllConnections();
    const servers = await Promise.allSettled(started.values());
    await Promise.all(servers.map((server) => server.status === 'fulfilled' && server.value.stop()));
    await folder.remove();
  };
}

export async function closeTestServers(): Promise<void> {
  await close();
}

/** Nothing in a test run must survive a crash of the machine. */
const POSTGRES_SETTINGS = { fsync: 'off', full_page_writes: 'off', max_connections: '300' };
