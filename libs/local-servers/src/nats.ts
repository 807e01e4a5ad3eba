import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { NatsAccess } from './identities/access.js';
import { stopLeftover } from './leftover.js';
import { findNatsServer } from './nats-server-binary.js';
import { assertPortFree } from './ports.js';
import { type LocalServer, type Log, ServerProcess, type StopStep } from './server-process.js';

export interface NatsOptions {
  /** Holds the configuration, the pid file and the JetStream store (`jetstream/`); kept between runs, made if missing. */
  directory: string;
  /** 0 or absent: a free one. */
  port?: number;
  /** Absent: everybody who reaches it may do everything. */
  access?: Pick<NatsAccess, 'configuration' | 'env'>;
  log?: Log;
}

const START_TIMEOUT_MS = 60_000;
const STOP_STEPS: StopStep[] = [
  ['SIGINT', 3_000],
  ['SIGKILL', 20_000],
];

/**
 * Starts a nats-server of our own on 127.0.0.1, with JetStream. A server that an earlier, killed run left on the same
 * directory is stopped first. Throws when no nats-server can be found, the port is taken or the server does not start.
 */
export async function startNats(options: NatsOptions): Promise<LocalServer> {
  const directory = resolve(options.directory);
  const config = join(directory, 'nats-server.conf');
  const pidFile = join(directory, 'nats-server.pid');
  const binary = await findNatsServer(options.log);
  await mkdir(directory, { recursive: true });

  const leftover = Number.parseInt(await readFile(pidFile, 'utf8').catch(() => ''), 10);
  if (leftover) await stopLeftover(leftover, config, STOP_STEPS);
  if (options.port) await assertPortFree(options.port, 'NATS');

  const { configuration = '', env = {} } = options.access ?? {};
  await writeFile(config, `${settings(options.port || -1, pidFile, directory)}${configuration}`);
  const server = new ServerProcess('nats-server', binary, ['-c', config], {
    cwd: directory,
    env: { ...process.env, ...env },
    log: options.log,
  });
  const port = await server.ready(() => servedPort(server.tail), START_TIMEOUT_MS);
  return { url: `nats://127.0.0.1:${port}`, port, ended: server.ended, stop: () => server.stop(STOP_STEPS) };
}

/** Port -1 lets the server choose. A JSON string is a valid quoted value here. */
const settings = (port: number, pidFile: string, directory: string) => `\
host: 127.0.0.1
port: ${port}
pid_file: ${JSON.stringify(pidFile)}
jetstream { store_dir: ${JSON.stringify(directory)} }
`;

function servedPort(lines: string[]): number | undefined {
  if (!lines.some((line) => line.includes('Server is ready'))) return undefined;
  const port = lines.map((line) => /client connections on 127\.0\.0\.1:(\d+)/.exec(line)?.[1]).find(Boolean);
  return port ? Number(port) : undefined;
}
