import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

/** Below the ports that systems hand out to outgoing connections (Linux: from 32768), which may take one at any moment. */
const FIRST_PORT = 20_000;
const LAST_PORT = 32_000;
const PORTS = LAST_PORT - FIRST_PORT;
const MOST_TRIES = 100;
/** A prime, so that processes whose ids follow each other begin far apart. */
const APART = 997;

/**
 * Goes round all ports from a place of this process: what was handed out is not handed out again while whoever asked for it is
 * yet to bind it, and hardly at the same time by another process.
 */
let next = process.pid * APART + randomInt(APART);

/** A TCP port on 127.0.0.1 that was free a moment ago; whoever binds it must be ready to find it taken. */
export async function freePort(): Promise<number> {
  for (let tries = 1; ; tries++) {
    const port = FIRST_PORT + (next++ % PORTS);
    try {
      await close(await listen(port));
      return port;
    } catch (error) {
      if (tries === MOST_TRIES) throw error;
    }
  }
}

/** Throws a one-line error that names the port when something listens on 127.0.0.1:`port` already. */
export async function assertPortFree(port: number, purpose: string): Promise<void> {
  const probe = await listen(port).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'EADDRINUSE') throw new Error(`Port ${port} on 127.0.0.1, wanted for ${purpose}, is taken.`);
    throw new Error(`Port ${port} on 127.0.0.1, wanted for ${purpose}, cannot be used: ${error.message}`);
  });
  await close(probe);
}

async function listen(port: number) {
  const server = createServer().listen(port, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

async function close(server: Awaited<ReturnType<typeof listen>>): Promise<void> {
  server.close();
  await once(server, 'close');
}
