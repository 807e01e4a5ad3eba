import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { NATS_SERVER, NATS_SERVER_SOURCES, onPath } from './nats-server-sources.js';
import type { Log } from './server-process.js';

/**
 * The path of a nats-server program: from the PATH, else from our cache (`DOITONG_CACHE_DIR`, by default `.cache` at the
 * root of the checkout), which is filled from the first source that works. Throws an error that lists the ways to get one.
 */
export async function findNatsServer(log: Log = () => {}): Promise<string> {
  const installed = onPath();
  if (installed) return installed;

  const cache = process.env.DOITONG_CACHE_DIR || fileURLToPath(new URL('../../../.cache', import.meta.url));
  const cached = join(cache, NATS_SERVER);
  if (existsSync(cached)) return cached;

  await mkdir(cache, { recursive: true });
  const failures: string[] = [];
  for (const source of NATS_SERVER_SOURCES) {
    // Fetched into a folder of its own and then renamed: several processes may be at it at once.
    const scratch = await mkdtemp(join(cache, 'fetching-'));
    try {
      log(`fetching nats-server: ${source.name}`);
      await rename(await source.fetch(scratch), cached);
      return cached;
    } catch (error) {
      failures.push(`${source.name}: ${(error as Error).message.trim().split('\n').at(-1)}`);
    } finally {
      await rm(scratch, { recursive: true, force: true });
    }
  }
  throw new Error(
    [
      'No nats-server found. Any one of these gives you one:',
      '  - set NATS_URL to a server that runs already, with JetStream (2.9.10 or later)',
      '  - put nats-server on the PATH',
      '  - on Debian or Ubuntu: apt-get, with a mirror that has the package nats-server',
      '  - Go 1.23 or later on the PATH, with access to a module proxy',
      ...failures.map((failure) => `  tried ${failure}`),
    ].join('\n'),
  );
}
