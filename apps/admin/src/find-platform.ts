import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';

/** The NATS_URL of the platform to speak to, with the admin's password: the variable, or that of the standalone that runs on DATA_DIR. */
export async function findPlatform({ NATS_URL, DATA_DIR = '.data' }: NodeJS.ProcessEnv): Promise<string> {
  if (NATS_URL) return NATS_URL;
  const file = resolve(join(DATA_DIR, 'standalone.json'));
  try {
    const { natsUrl, pid } = JSON.parse(await readFile(file, 'utf8')) as { natsUrl: string; pid: number };
    if (runs(pid)) return natsUrl;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  throw new Error(
    `No platform found: no standalone runs on ${file} (start one with \`npm start\`, or say where it is with DATA_DIR), and NATS_URL is not set.`,
  );
}

/** A file that a killed process left behind says nothing. */
function runs(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
