import { once } from 'node:events';
import { createServer } from 'node:net';

/** A TCP port on 127.0.0.1 that was free a moment ago; whoever binds it must be ready to find it taken. */
export async function freePort(): Promise<number> {
  const probe = await listen(0);
  const { port } = probe.address() as { port: number };
  await close(probe);
  return port;
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
