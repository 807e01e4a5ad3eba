import { type LocalServer, startNats, startPostgres } from '@doitong/local-servers';
import type { StandaloneConfig } from '../config.js';
import type { DataDir } from './data-dir.js';

export interface Servers {
  databaseUrl: string;
  natsUrl: string;
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
    const [databaseUrl, natsUrl] = await Promise.all([
      config.DATABASE_URL ?? started(startPostgres({ directory: dataDir.path('postgres') })).then(({ url }) => url),
      config.NATS_URL ?? started(startNats({ directory: dataDir.path('nats') })).then(({ url }) => url),
    ]);
    return { databaseUrl, natsUrl, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
