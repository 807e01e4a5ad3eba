import { existsSync } from 'node:fs';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive, isOurs, stopLeftover } from './leftover.js';
import { assertPortFree, freePort } from './ports.js';
import { type Account, serverAccount } from './postgres-account.js';
import { postgresBinaries } from './postgres-binaries.js';
import { type Cluster, clusterData, openCluster, SERVER_ENV, USER } from './postgres-cluster.js';
import { type LocalServer, type Log, ServerProcess, type StopStep } from './server-process.js';

export interface PostgresOptions {
  /** Kept between runs and given wholly to PostgreSQL; made if missing. One owner at a time is the caller's business. */
  directory: string;
  /** 0 or absent: a free one. */
  port?: number;
  log?: Log;
  /** Server parameters, over ours; `{ fsync: 'off' }` for a cluster that may be lost. */
  settings?: Record<string, string>;
}

/** Made for two cores that the services share, in little memory. */
const SETTINGS: Record<string, string> = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '150',
  shared_buffers: '64MB',
  effective_cache_size: '512MB',
  random_page_cost: '1.1',
  jit: 'off',
  io_method: 'sync',
  max_parallel_workers_per_gather: '0',
  wal_level: 'minimal',
  max_wal_senders: '0',
  max_wal_size: '512MB',
  log_checkpoints: 'off',
  lc_messages: 'C',
};

/** A recovery after a crash is part of the start. */
const START_TIMEOUT_MS = 60_000;
/** SIGINT is PostgreSQL's fast shutdown, SIGQUIT its immediate one, after which the next start recovers. No step loses a commit. */
const STOP_STEPS: StopStep[] = [
  ['SIGINT', 4_000],
  ['SIGQUIT', 2_000],
  ['SIGKILL', 20_000],
];
const RETRY_MS = 250;

/**
 * Starts a PostgreSQL of our own on 127.0.0.1 with the data in `directory`. A server that an earlier, killed run left on
 * the same directory is stopped first. Throws when the port is taken or the server does not start.
 */
export async function startPostgres(options: PostgresOptions): Promise<LocalServer> {
  const directory = resolve(options.directory);
  const { initdb, postgres } = postgresBinaries();
  await mkdir(directory, { recursive: true });
  await clearLeftover(clusterData(directory));
  if (options.port) await assertPortFree(options.port, 'PostgreSQL');
  const account = await serverAccount(directory, postgres);
  const cluster = await openCluster(directory, initdb, account);

  const deadline = Date.now() + START_TIMEOUT_MS;
  for (;;) {
    const port = options.port || (await freePort());
    const server = launch(postgres, account, cluster, port, options);
    try {
      await server.ready(() => isReady(cluster.data, server.pid), START_TIMEOUT_MS);
      const url = `postgres://${USER}:${cluster.password}@127.0.0.1:${port}/postgres`;
      return { url, port, ended: server.ended, stop: () => server.stop(STOP_STEPS) };
    } catch (error) {
      const said = server.tail.join('\n');
      // Someone was faster at our free port; or the orphans of a killed server have not all noticed yet.
      const passing = (!options.port && said.includes('could not bind')) || said.includes('is still in use');
      if (!passing || Date.now() > deadline) throw error;
      await sleep(RETRY_MS);
    }
  }
}

function launch(postgres: string, account: Account, { data }: Cluster, port: number, options: PostgresOptions) {
  const settings = Object.entries({ ...SETTINGS, ...options.settings, port: String(port) });
  const flags = settings.flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const [command, args] = account.command(postgres, ['-D', data, ...flags]);
  return new ServerProcess('PostgreSQL', command, args, {
    ...account.options,
    cwd: '/',
    env: SERVER_ENV,
    log: options.log,
  });
}

const pidFile = (data: string) => join(data, 'postmaster.pid');

/** The postmaster's own lock file: its process id is on line 1, its state on line 8. */
async function isReady(data: string, pid: number | undefined): Promise<true | undefined> {
  const lines = (await readFile(pidFile(data), 'utf8').catch(() => '')).split('\n');
  return Number(lines[0]) === pid && lines[7]?.trim() === 'ready' ? true : undefined;
}

async function clearLeftover(data: string): Promise<void> {
  if (!existsSync(pidFile(data))) return;
  const pid = Number.parseInt(await readFile(pidFile(data), 'utf8'), 10);
  if (await isOurs(pid, data)) return stopLeftover(pid, data, STOP_STEPS);
  // PostgreSQL refuses to start when the id is in use again, by whatever process. When it is not, the file has to stay:
  // it leads PostgreSQL to the orphans of a killed server that may still write.
  if (isAlive(pid)) await rm(pidFile(data), { force: true });
}
