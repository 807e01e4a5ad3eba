import { BillingConfig, BillingModule, persistence as billing } from '@doitong/billing';
import { GatewayConfig, GatewayModule } from '@doitong/gateway';
import { GenerationsConfig, GenerationsModule, persistence as generations } from '@doitong/generations';
import { families } from '@doitong/providers';
import { RateLimitConfig, RateLimitModule, persistence as rateLimit } from '@doitong/rate-limit';
import { SandboxConfig, SandboxModule } from '@doitong/sandbox';
import { type Logger, listening, loadConfig, migrate, type RunningService, startService } from '@doitong/service-kit';
import { WebhookDispatcherConfig, WebhookDispatcherModule, persistence as webhooks } from '@doitong/webhook-dispatcher';
import { familyAccess, WorkerConfig, WorkerModule } from '@doitong/worker';
import { isLocal, type StandaloneConfig } from '../config.js';
import type { DataDir } from './data-dir.js';
import type { Secrets } from './secrets.js';
import type { Servers } from './servers.js';

/** Brings the tables of every service up to date. */
export async function migrateAll(databaseUrl: string): Promise<void> {
  await Promise.all([billing, generations, rateLimit, webhooks].map((tables) => migrate(tables, databaseUrl)));
}

/** Where the sandbox listens. Whoever reaches it sees all prompts and may move its time, so nobody else than this machine does. */
export const SANDBOX_HOST = '127.0.0.1';

/** Webhook receivers and inputs on this very machine, for as long as nobody else reaches the platform. */
const forLocalUse = { WEBHOOK_ALLOW_LOOPBACK: 'true', WEBHOOK_ALLOW_HTTP: 'true', INPUT_ALLOW_LOOPBACK: 'true' };

/** All services in this process, speaking to each other over NATS as they would apart. */
export function startServices(
  config: StandaloneConfig,
  { databaseUrl, natsUrl }: Servers,
  { assetUrlSecret, callbackSecret }: Secrets,
  dataDir: DataDir,
  urls: { baseUrl: string; sandboxUrl: string },
  logger: Logger,
): Promise<RunningService> {
  const env = {
    ...(process.env.NODE_ENV !== 'production' && isLocal(config) ? forLocalUse : {}),
    DATABASE_POOL_SIZE: '8',
    ...process.env,
    DATABASE_URL: databaseUrl,
    NATS_URL: natsUrl,
    PUBLIC_URL: urls.baseUrl,
    SANDBOX_URL: urls.sandboxUrl,
    SANDBOX_SPEED: String(config.SANDBOX_SPEED),
    CALLBACK_BASE_URL: urls.baseUrl,
    CALLBACK_SECRET: callbackSecret,
    ASSET_URL_SECRET: assetUrlSecret,
    ...(process.env.ASSET_S3_BUCKET ? {} : { ASSET_DIRECTORY: dataDir.path('assets') }),
  };
  const workers = Object.values(families).map((family) => {
    const name = family.manifest.family;
    return WorkerModule.register(
      family,
      familyAccess(name, env),
      loadConfig(WorkerConfig, { ...env, WORKER_FAMILY: name }),
    );
  });
  return startService({
    name: 'standalone',
    ...listening(config),
    logLevel: config.LOG_LEVEL,
    stopGraceMs: config.STOP_GRACE_MS,
    natsUrl,
    logger,
    modules: [
      BillingModule.register(loadConfig(BillingConfig, env)),
      RateLimitModule.register(loadConfig(RateLimitConfig, env)),
      GenerationsModule.register(loadConfig(GenerationsConfig, env)),
      WebhookDispatcherModule.register(loadConfig(WebhookDispatcherConfig, env)),
      GatewayModule.register(loadConfig(GatewayConfig, env)),
      ...workers,
    ],
  });
}

/** The vendors that test keys reach, on a port of their own as vendors are. */
export function startSandbox(
  config: StandaloneConfig,
  dataDir: DataDir,
  port: number,
  logger: Logger,
): Promise<RunningService> {
  const env = {
    ...process.env,
    PORT: String(port),
    HOST: SANDBOX_HOST,
    SANDBOX_PUBLIC_URL: `http://${SANDBOX_HOST}:${port}`,
    SANDBOX_SPEED: String(config.SANDBOX_SPEED),
    SANDBOX_DATA_DIR: dataDir.path('sandbox'),
  };
  return startService({
    name: 'sandbox',
    host: SANDBOX_HOST,
    port,
    logLevel: config.LOG_LEVEL,
    stopGraceMs: config.STOP_GRACE_MS,
    logger,
    modules: [SandboxModule.register(loadConfig(SandboxConfig, env))],
  });
}
