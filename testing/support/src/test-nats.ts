import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort, type NatsAccess, startNats } from '@doitong/local-servers';
import { serverUrl } from './server-url.js';
import { temporaryFolder } from './temporary-folder.js';

/**
 * The run's nats-server, or the one in `DOITONG_TEST_NATS_URL`. All suites of the run share it, several at once: use it
 * with subjects and streams of your own only. Where services run, take `startTestNats`.
 */
export async function testNatsUrl(): Promise<string> {
  return serverUrl('nats', 'DOITONG_TEST_NATS_URL');
}

export interface TestNats {
  /** The same after every restart. */
  url: string;
  /** Stops the server and starts it again; `wipe` deletes the whole JetStream store in between. */
  restart(options?: { wipe?: boolean }): Promise<void>;
  /** Stops the server and deletes its files. */
  stop(): Promise<void>;
}

/** A nats-server of the suite's own, with JetStream (about 50 ms to start); without `access`, open to everybody. */
export async function startTestNats(access?: NatsAccess): Promise<TestNats> {
  const folder = await temporaryFolder();
  // None that the system hands out to outgoing connections, which might take it during a restart.
  let server = await startNats({ directory: folder.path, port: await freePort(), access });
  return {
    url: server.url,
    async restart({ wipe = false } = {}) {
      await server.stop();
      if (wipe) await rm(join(folder.path, 'jetstream'), { recursive: true, force: true });
      server = await startNats({ directory: folder.path, port: server.port, access });
    },
    async stop() {
      await server.stop();
      await folder.remove();
    },
  };
}
