import {
  adminIdentity,
  type LocalServer,
  newAccess,
  startNats,
  startPostgres,
  wholePlatform,
} from '@doitong/local-servers';
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

/** The PostgreSQL and the nats-server that were given, or our own. */
export async function startServers(config: StandaloneConfig, dataDir: DataDir): Promise<Servers> {
  const own: Promise<LocalServer>[] = [];
  const started = (server: Promise<LocalServer>) => {
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
      config.DATABASE_URL ?? started(startPostgres({ directory: dataDir.path('postgres') })).then(({ url }) => url),
      config.NATS_URL ?? started(startNats({ directory: dataDir.path('nats'), access })).then(({ url }) => url),
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
