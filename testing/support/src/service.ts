import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { freePort, ServerProcess } from '@doitong/local-servers';

const READY_TIMEOUT_MS = 120_000;
const STOP_TIMEOUT_MS = 60_000;

/** One service in a process of its own. It is killed when the process that started it ends. */
export interface Service {
  pid: number;
  /** `http://127.0.0.1:<port>` */
  url: string;
  /** Where it answers about itself. */
  managementUrl: string;
  /** All lines of its standard output and error so far; JSON, but for what Node itself prints. */
  logs(): string[];
  /** Sends a deadly signal and resolves when the process is gone. */
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** Asks it to end; resolves with the exit code. Throws, with the last lines of log, if it did not end by itself in 60 s. */
  stop(signal?: 'SIGTERM' | 'SIGINT'): Promise<number | null>;
}

export interface ServiceOptions {
  /** Default: a free one. */
  port?: number;
}

/**
 * Starts the built `dist/apps/<app>/main.js` with `PORT`, `MANAGEMENT_PORT` and `env` as its whole environment, and waits until it is ready.
 * Throws, with the last lines of its log, if it ends or is not ready in 120 s.
 */
export async function startService(
  app: string,
  env: Record<string, string>,
  { port }: ServiceOptions = {},
): Promise<Service> {
  const main = fileURLToPath(new URL(`../../../dist/apps/${app}/main.js`, import.meta.url));
  if (!existsSync(main)) throw new Error(`${app} is not built: run \`npm run build\` first.`);
  const chosenPort = port ?? (await freePort());
  const managementPort = await freePort();
  const url = `http://127.0.0.1:${chosenPort}`;
  const managementUrl = `http://127.0.0.1:${managementPort}`;
  const lines: string[] = [];
  const { PATH = '', HOME = '' } = process.env;
  const child = new ServerProcess(app, process.execPath, ['--enable-source-maps', main], {
    env: { PATH, HOME, PORT: String(chosenPort), MANAGEMENT_PORT: String(managementPort), ...env },
    log: (line) => void lines.push(line),
    orphanSignal: 'SIGKILL',
  });
  await child.ready(() => answersOk(`${managementUrl}/readyz`), READY_TIMEOUT_MS);

  return {
    pid: child.pid!,
    url,
    managementUrl,
    logs: () => lines,
    kill: (signal = 'SIGKILL') => child.stop([[signal, STOP_TIMEOUT_MS]]),
    async stop(signal = 'SIGTERM') {
      await child.stop([[signal, STOP_TIMEOUT_MS]]).catch(async (cause) => {
        await child.stop([['SIGKILL', STOP_TIMEOUT_MS]]);
        throw new Error(`${app} did not end on ${signal}:\n  ${child.tail.join('\n  ')}`, { cause });
      });
      return child.exitCode;
    },
  };
}

async function answersOk(url: string): Promise<true | undefined> {
  const response = await fetch(url, { signal: AbortSignal.timeout(10_000) }).catch(() => undefined);
  await response?.body?.cancel();
  return response?.status === 200 ? true : undefined;
}
