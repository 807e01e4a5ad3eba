import { rm } from 'node:fs/promises';
import { assertPortFree } from '@doitong/local-servers';
import { Logger, listening, MessageBus } from '@doitong/service-kit';
import { pino } from 'pino';
import type { StandaloneConfig } from '../config.js';
import { takeDataDir } from './data-dir.js';
import { demoAccount } from './demo-account.js';
import { readSecrets, writePrivate } from './secrets.js';
import { startServers, untilThere } from './servers.js';
import { migrateAll, SANDBOX_HOST, startSandbox, startServices } from './services.js';

/** What `$DATA_DIR/standalone.json` holds while the platform runs. */
export interface StandaloneFile {
  graphqlUrl: string;
  baseUrl: string;
  sandboxUrl: string;
  /** Where it answers about itself. */
  managementUrl: string;
  /** With the operator's password, which is another after each start. */
  natsUrl: string;
  databaseUrl: string;
  testKey: string;
  liveKey: string;
  accountId: string;
  pid: number;
}

export interface Platform {
  file: StandaloneFile;
  /** Resolves when only a new process can go on. */
  lost: Promise<Error>;
  stop(): Promise<void>;
}

/** Starts everything; on failure what was started is stopped again. */
export async function startPlatform(config: StandaloneConfig): Promise<Platform> {
  const undo: (() => Promise<unknown>)[] = [];
  const stop = async () => {
    for (const step of undo.splice(0).reverse()) await step();
  };
  try {
    const dataDir = await takeDataDir(config.DATA_DIR);
    undo.push(() => dataDir.release());
    const sandboxPort = config.SANDBOX_PORT ?? config.PORT + 1;
    await assertPortFree(config.PORT, 'PORT');
    await assertPortFree(sandboxPort, 'SANDBOX_PORT');
    await assertPortFree(listening(config).management.port, 'MANAGEMENT_PORT');

    const logger = new Logger(
      'standalone',
      config.LOG_LEVEL,
      pino.destination({ dest: dataDir.path('standalone.log'), sync: false }),
    );
    const secretsFile = dataDir.path('secrets.json');
    const secrets = await readSecrets(secretsFile);
    const servers = await startServers(config, dataDir, logger);
    undo.push(() => servers.stop());
    await untilThere(servers.databaseUrl, logger);
    await migrateAll(servers.databaseUrl);

    const baseUrl = `http://${config.HOST}:${config.PORT}`;
    const sandboxUrl = `http://${SANDBOX_HOST}:${sandboxPort}`;
    const sandbox = await startSandbox(config, dataDir, sandboxPort, logger);
    undo.push(() => sandbox.stop());
    const services = await startServices(config, servers, secrets, dataDir, { baseUrl, sandboxUrl }, logger);
    undo.push(() => services.stop());

    const account = await demoAccount(services.app.get(MessageBus), secrets.account);
    await writePrivate(secretsFile, { ...secrets, account });
    const { databaseUrl, adminNatsUrl } = servers;
    const file = {
      graphqlUrl: `${baseUrl}/graphql`,
      baseUrl,
      sandboxUrl,
      managementUrl: services.managementUrl!,
      natsUrl: adminNatsUrl,
      databaseUrl,
      ...account,
      pid: process.pid,
    };
    const standaloneFile = dataDir.path('standalone.json');
    await writePrivate(standaloneFile, file);
    undo.push(() => rm(standaloneFile, { force: true }));
    return { file, lost: services.lost, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
