import { randomUUID } from 'node:crypto';
import { readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const PREFIX = 'doitong-media-';
const named = new RegExp(`^${PREFIX}(\\d+)-`);
/** No file is needed for so long, whoever has the number of the process that made it now. */
const abandonedAfterMs = 24 * 3600 * 1000;

/** A path of this process's own, for a file that is needed for a moment. Whoever makes the file removes it. */
export function temporaryPath(directory = tmpdir()): string {
  return join(directory, `${PREFIX}${process.pid}-${randomUUID()}`);
}

/** Removes what processes that were killed left behind. To be called at start. */
export async function clearTemporaryFiles(directory = tmpdir()): Promise<void> {
  const names = await readdir(directory).catch(() => []);
  for (const name of names) {
    const pid = named.exec(name)?.[1];
    const path = join(directory, name);
    if (pid && (await isAbandoned(Number(pid), path))) await rm(path, { force: true });
  }
}

/** A process in a container has the same number at every start: then its files are those that are younger than it is. */
async function isAbandoned(pid: number, path: string): Promise<boolean> {
  const facts = await stat(path).catch(() => undefined);
  if (!facts) return false;
  const ageMs = Date.now() - facts.mtimeMs;
  if (pid === process.pid) return ageMs > process.uptime() * 1_000;
  return !isRunning(pid) || ageMs > abandonedAfterMs;
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // One of another user is running, too.
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
