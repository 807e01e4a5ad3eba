import { setTimeout as sleep } from 'node:timers/promises';
import type { LocalServer, Log } from './server-process.js';

const AGAIN_MS = 500;

/**
 * A server that is started again whenever it ends by itself, until it is stopped, on the same port: whoever is connected to it
 * finds it again under the same URL.
 */
export async function keepRunning(
  start: (port?: number) => Promise<LocalServer>,
  log: Log = () => {},
): Promise<Omit<LocalServer, 'ended'>> {
  let server = await start();
  const { url, port } = server;
  let stopping = false;

  const again = async () => {
    while (!stopping) {
      try {
        server = await start(port);
        return;
      } catch (error) {
        log(`the server at port ${port} does not start again: ${(error as Error).message}`);
        await sleep(AGAIN_MS);
      }
    }
  };
  const keep = async () => {
    for (;;) {
      await server.ended;
      if (stopping) return;
      log(`the server at port ${port} has ended, and is started again`);
      await again();
    }
  };
  const kept = keep();
  return {
    url,
    port,
    async stop() {
      stopping = true;
      await server.stop();
      await kept;
      // One that was just being started again.
      await server.stop();
    },
  };
}
