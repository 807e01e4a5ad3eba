import { setTimeout as sleep } from 'node:timers/promises';
import {
  adminIdentity,
  keepRunning,
  type LocalServer,
  newAccess,
  startNats,
  startPostgres,
  wholePlatform,
} from '@doitong/local-servers';
import { createDataSource, type Logger } from '@doitong/service-kit';

import type { StandaloneConfig } from '../config.js';
import type { DataDir } from './data-dir.js';

export interface Servers {
  databaseUrl: string;
  natsUrl: string;
  /** The same server for an operator, who can ask for what is theirs to ask and nothing else. */
  adminNatsUrl: string;
  /** Stops those that were started here, and no other. */
  stop(): Promise<void>;
}

type KeptServer = Omit<LocalServer, 'ended'>;

/** The PostgreSQL and the nats-server that were given, or our own, which are started again when they end. */
export async function startServers(config: StandaloneConfig, dataDir: DataDir, logger: Logger): Promise<Servers> {
  const own: Promise<KeptServer>[] = [];
  const started = (start: (port?: number) => Promise<LocalServer>) => {
    const server = keepRunning(start, (line) => logger.warn(line));
    own.push(server);
    return server;
  };
  const stop = async () => {
    const settled = await Promise.allSettled(own);
    await Promise.all(settled.map((one) => (one.status === 'fulfilled' ? one.value.stop() : undefined)));
  };
  try {
    const access = newAccess([wholePlatform, adminIdentity]);
    const [databaseUrl, natsUrl] = await Promise.all([
      config.DATABASE_URL ??
        started((port) => startPostgres({ directory: dataDir.path('postgres'), port })).then(({ url }) => url),
      config.NATS_URL ??
        started((port) => startNats({ directory: dataDir.path('nats'), access, port })).then(({ url }) => url),
    ]);
    if (config.NATS_URL) return { databaseUrl, natsUrl, adminNatsUrl: natsUrl, stop };
    return {
      databaseUrl,
      natsUrl: access.urlOf(wholePlatform.name, natsUrl),
      adminNatsUrl: access.urlOf(adminIdentity.name, natsUrl),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

const AGAIN_MS = 500;

/** Waits for a PostgreSQL that was given. */
export async function untilThere(databaseUrl: string, logger: Logger): Promise<void> {
  for (let told = false; ; told = true) {
    try {
      const dataSource = await createDataSource({ schema: 'public', migrations: [] }, databaseUrl, 1).initialize();
      return await dataSource.destroy();
    } catch (error) {
      if (!told) {
        process.stderr.write('Waiting for the PostgreSQL of DATABASE_URL; the log tells why it cannot be used.\n');
        logger.warn('PostgreSQL cannot be used, waiting for it', { error });
      }
      await sleep(AGAIN_MS);
    }
  }
}
