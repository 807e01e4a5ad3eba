import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { freePort, newAccess, serviceIdentities } from '@doitong/local-servers';
import { type FamilyName, families } from '@doitong/providers';
import pg from 'pg';
import type { Customer } from './customer.js';
import { type Service, startService } from './service.js';
import { temporaryFolder } from './temporary-folder.js';
import { createTestDatabase } from './test-database.js';
import { startTestNats, type TestNats } from './test-nats.js';

const withTables = ['billing', 'generations', 'rate-limit', 'webhook-dispatcher'] as const;

/** A service that has a process of its own; `worker-<family>` is the worker of that family. */
export type ServiceName = (typeof withTables)[number] | 'sandbox' | 'gateway' | `worker-${FamilyName}`;

/** The whole platform, each service a process of its own, on a database and a nats-server of its own. */
export interface Platform {
  gatewayUrl: string;
  sandboxUrl: string;
  databaseUrl: string;
  /** Where the assets lie. */
  assetDirectory: string;
  nats: TestNats;
  /** The URL of NATS for a service, or for the admin, with the identity that it has in production. */
  natsUrl(identity: Exclude<ServiceName, 'sandbox'> | 'admin'): string;
  /** Starts a service that is not running, or one more replica of it on a port of its own. */
  start(name: ServiceName): Promise<Service>;
  /** The running processes of a service, the oldest first. */
  processes(name: ServiceName): Service[];
  /** SIGKILL, to all replicas. */
  kill(name: ServiceName): Promise<void>;
  /** Ends this one replica; the exit code of one that was asked to end. Throws when it did not end by itself. */
  end(name: ServiceName, service: Service, signal: 'SIGKILL' | 'SIGTERM'): Promise<number | null>;
  /** What each process has written so far, also one that has ended. */
  logs(): { name: ServiceName; lines: string[] }[];
  /**
   * Lifts the account's limit a minute, and that alone, so that a test may look as often as it likes. To be called before its
   * first request: gateways remember limits.
   */
  allowManyRequests(customer: Customer): Promise<void>;
  /** How many submits the vendors have accepted whose prompt contains this. */
  submits(prompt: string): Promise<number>;
  /** Moves the vendors' time on: what takes long there, and has been submitted, has ended. */
  passTime(seconds: number): Promise<void>;
  stop(): Promise<void>;
}

/** With a worker for each of these families. `env` goes to every service, over what the platform itself sets. */
export async function startPlatform(
  workers: readonly FamilyName[],
  env: Record<string, string> = {},
): Promise<Platform> {
  const access = newAccess(serviceIdentities(Object.keys(families)));
  const [database, nats, folder] = await Promise.all([createTestDatabase(), startTestNats(access), temporaryFolder()]);
  const natsUrl: Platform['natsUrl'] = (identity) => access.urlOf(identity, nats.url);
  const [gatewayPort, sandboxPort, minimaxPort] = await Promise.all([freePort(), freePort(), freePort()]);
  const gatewayUrl = `http://127.0.0.1:${gatewayPort}`;
  const sandboxUrl = `http://127.0.0.1:${sandboxPort}`;
  const assetDirectory = `${folder.path}/assets`;
  const common = {
    DATABASE_URL: database.url,
    PUBLIC_URL: gatewayUrl,
    ASSET_DIRECTORY: assetDirectory,
    ASSET_URL_SECRET: randomBytes(24).toString('hex'),
    SANDBOX_URL: sandboxUrl,
    SANDBOX_SPEED: '0',
    SANDBOX_DATA_DIR: `${folder.path}/sandbox`,
    INPUT_ALLOW_LOOPBACK: 'true',
    WEBHOOK_ALLOW_LOOPBACK: 'true',
    WEBHOOK_ALLOW_HTTP: 'true',
    JOB_LEASE_MS: '2000',
    SWEEP_MS: '250',
    CLAIM_SECONDS: '5',
    STOP_GRACE_MS: '5000',
    ...env,
  };
  const ports: Partial<Record<ServiceName, number>> = {
    gateway: gatewayPort,
    sandbox: sandboxPort,
    'worker-minimax': minimaxPort,
  };
  /** One family is called back, the others poll only. */
  const own: Partial<Record<ServiceName, Record<string, string>>> = {
    'worker-minimax': {
      CALLBACK_BASE_URL: `http://127.0.0.1:${minimaxPort}`,
      CALLBACK_SECRET: randomBytes(24).toString('hex'),
    },
  };
  const running = new Map<ServiceName, Service[]>();
  const started: { name: ServiceName; service: Service }[] = [];
  const processes = (name: ServiceName) => running.get(name) ?? [];

  const start = async (name: ServiceName) => {
    const [app, family] = name.startsWith('worker-') ? ['worker', name.slice('worker-'.length)] : [name, ''];
    const port = processes(name).length === 0 ? ports[name] : undefined;
    const identity: Record<string, string> = name === 'sandbox' ? {} : { NATS_URL: natsUrl(name) };
    const settings = { ...common, ...identity, WORKER_FAMILY: family, ...own[name] };
    const service = await startService(app, settings, { port });
    running.set(name, [...processes(name), service]);
    started.push({ name, service });
    return service;
  };
  const end: Platform['end'] = async (name, service, signal) => {
    running.set(
      name,
      processes(name).filter((other) => other !== service),
    );
    if (signal === 'SIGTERM') return service.stop();
    await service.kill();
    return null;
  };
  const kill = async (name: ServiceName) => {
    await Promise.all(processes(name).map((service) => service.kill()));
    running.delete(name);
  };
  const startAll = async (some: readonly ServiceName[]) => {
    const outcomes = await Promise.allSettled(some.map(start));
    const failure = outcomes.find(({ status }) => status === 'rejected') as PromiseRejectedResult | undefined;
    if (failure) throw failure.reason;
  };
  const stop = async () => {
    await Promise.all([...running.keys()].map(kill));
    await Promise.all([database.drop(), nats.stop()]);
    await folder.remove();
  };

  const allowManyRequests = async ({ accountId }: Customer) => {
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    await client.query('UPDATE billing.accounts SET requests_per_minute = 100000 WHERE id = $1', [accountId]);
    await client.end();
  };

  try {
    await Promise.all(withTables.map((app) => migrate(app, database.url)));
    await startAll(withTables);
    await startAll(['sandbox', 'gateway', ...workers.map((family) => `worker-${family}` as const)]);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    gatewayUrl,
    sandboxUrl,
    databaseUrl: database.url,
    assetDirectory,
    nats,
    natsUrl,
    start,
    processes,
    kill,
    end,
    logs: () => started.map(({ name, service }) => ({ name, lines: service.logs() })),
    allowManyRequests,
    async submits(prompt) {
      const answer = await fetch(`${sandboxUrl}/_sandbox/submits?${new URLSearchParams({ prompt })}`);
      return ((await answer.json()) as { total: number }).total;
    },
    passTime: (seconds) => passTime(sandboxUrl, seconds),
    stop,
  };
}

/** Moves the time of the sandbox at this URL on: what takes long there, and has been submitted, has ended. */
export async function passTime(sandboxUrl: string, seconds: number): Promise<void> {
  const response = await fetch(`${sandboxUrl}/_sandbox/clock`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ advanceSeconds: seconds }),
  });
  if (!response.ok) throw new Error(`The sandbox answered ${response.status}.`);
}

async function migrate(app: string, databaseUrl: string): Promise<void> {
  const script = fileURLToPath(new URL(`../../../dist/apps/${app}/migrate.js`, import.meta.url));
  await promisify(execFile)(process.execPath, [script], { env: { ...process.env, DATABASE_URL: databaseUrl } });
}
