import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { type LocalServer, startPostgres } from '@doitong/local-servers';
import { type FamilyName, families } from '@doitong/providers';
import {
  Customer,
  Operator,
  type Platform,
  type Service,
  type ServiceName,
  startPlatform,
  temporaryFolder,
} from '@doitong/support';
import type { Violations } from './violations.js';

export const everyFamily = Object.keys(families) as FamilyName[];
/** The sandbox is none of them: it is the vendors', and has faults of its own. */
const shared = ['gateway', 'generations', 'billing', 'rate-limit', 'webhook-dispatcher'] as const;

/** Where a platform's database is made. */
const POSTGRES_VARIABLE = 'DOITONG_TEST_POSTGRES_URL';

/** The platform as it is deployed, several processes of each service, on a PostgreSQL and a nats-server of its own. */
export class Fleet {
  private constructor(
    readonly platform: Platform,
    readonly operator: Operator,
    /** What faults may befall. */
    readonly services: readonly ServiceName[],
    private readonly violations: Violations,
    private postgres: LocalServer,
    private readonly folder: { path: string; remove(): Promise<void> },
  ) {}

  static async start(workers: FamilyName[], replicas: number, violations: Violations): Promise<Fleet> {
    const folder = await temporaryFolder();
    const postgres = await startPostgres({
      directory: `${folder.path}/postgres`,
      settings: { max_connections: '400' },
    });
    const { [POSTGRES_VARIABLE]: usual } = process.env;
    process.env[POSTGRES_VARIABLE] = postgres.url;
    const platform = await startPlatform(workers, {
      LOG_LEVEL: 'info',
      WEBHOOK_RETRY_SCALE: '0.02',
      WEBHOOK_TIMEOUT_MS: '2000',
      JOB_LEASE_MS: '4000',
    });
    if (usual === undefined) delete process.env[POSTGRES_VARIABLE];
    else process.env[POSTGRES_VARIABLE] = usual;
    const operator = await Operator.connect(platform.natsUrl('admin'));
    const services = [...shared, ...workers.map((family) => `worker-${family}` as const)];
    for (let more = 1; more < replicas; more++) await Promise.all(services.map((name) => platform.start(name)));
    return new Fleet(platform, operator, services, violations, postgres, folder);
  }

  /** Any gateway, as a balancer would choose one. */
  gatewayUrl(random: () => number): string {
    const gateways = this.platform.processes('gateway');
    return gateways[Math.floor(random() * gateways.length)]?.url ?? this.platform.gatewayUrl;
  }

  through({ accountId, key }: Customer, random: () => number): Customer {
    return new Customer(this.gatewayUrl(random), accountId, key);
  }

  /** SIGKILL, and another in its place after so long. */
  async kill(name: ServiceName, service: Service, downMs: number): Promise<void> {
    await this.platform.end(name, service, 'SIGKILL');
    await sleep(downMs);
    await this.platform.start(name);
  }

  /** A standstill: it holds all that it had, hears nothing, and goes on as if no time had passed. */
  async standStill({ pid }: Service, forMs: number): Promise<void> {
    process.kill(pid, 'SIGSTOP');
    await sleep(forMs);
    process.kill(pid, 'SIGCONT');
  }

  /** As a deployment does it: another first, then SIGTERM, at which it must end by itself. */
  async replace(name: ServiceName, service: Service): Promise<void> {
    await this.platform.start(name);
    const code = await this.platform
      .end(name, service, 'SIGTERM')
      .catch((error: Error) => error.message.split('\n')[0]);
    if (code !== 0) this.violations.add('1 nothing is lost', `${name} ended with ${code} on SIGTERM`);
  }

  /** PostgreSQL's immediate shutdown: no client is told, and the next start recovers. */
  async crashPostgres(downMs: number): Promise<void> {
    const { path } = this.folder;
    const data = `${path}/postgres/cluster`;
    const pid = Number((await readFile(`${data}/postmaster.pid`, 'utf8')).split('\n')[0]);
    process.kill(pid, 'SIGQUIT');
    await sleep(downMs);
    await this.postgres.stop();
    const { port } = this.postgres;
    this.postgres = await startPostgres({ directory: `${path}/postgres`, port, settings: { max_connections: '400' } });
  }

  /** Nothing can be written to the assets, nor read from there. */
  async loseDisk(forMs: number): Promise<void> {
    const { assetDirectory } = this.platform;
    await rename(assetDirectory, `${assetDirectory}-away`);
    await writeFile(assetDirectory, 'not a directory');
    await sleep(forMs);
    await rm(assetDirectory);
    await rename(`${assetDirectory}-away`, assetDirectory);
  }

  /** Processes that nobody ended and that are gone all the same. */
  diedByThemselves(): string[] {
    return this.services.flatMap((name) =>
      this.platform
        .processes(name)
        .filter(({ pid }) => !isAlive(pid))
        .map((service) => `${name} died by itself: ${service.logs().slice(-3).join(' ⏎ ')}`),
    );
  }

  async stop(): Promise<void> {
    await this.operator.close();
    await this.platform.stop();
    await this.postgres.stop();
    await this.folder.remove();
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
