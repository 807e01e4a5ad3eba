import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const kept = fileURLToPath(new URL('../../../../dist/python', import.meta.url));
const oldest = [3, 11];

/**
 * The Python of a virtual environment with exactly what `requirements` pins. It is made once, and anew only when that file or
 * the machine's Python has changed.
 */
export async function pythonWith(requirements: string): Promise<string> {
  const version = await versionOfPython();
  const pinned = await readFile(requirements);
  const name = createHash('sha256').update(version).update(pinned).digest('hex').slice(0, 16);
  const folder = join(kept, name);
  if (!existsSync(folder)) await makeWhole(folder, requirements);
  return join(folder, 'bin/python');
}

/** Under another name first, so that one that was interrupted is never taken for whole. */
async function makeWhole(folder: string, requirements: string): Promise<void> {
  const draft = `${folder}.${process.pid}`;
  await rm(draft, { recursive: true, force: true });
  await mkdir(dirname(folder), { recursive: true });
  await run('python3', ['-m', 'venv', draft]).catch((error: Error) => {
    throw new Error(`python3 cannot make a virtual environment; Debian has that in python3-venv. ${error.message}`);
  });
  const pinned = ['--require-hashes', '--only-binary', ':all:', '-r', requirements];
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-compile', ...pinned];
  await run(join(draft, 'bin/python'), pip);
  await rename(draft, folder).catch(async (error: Error) => {
    // Another run was faster.
    await rm(draft, { recursive: true, force: true });
    if (!existsSync(folder)) throw error;
  });
}

async function versionOfPython(): Promise<string> {
  const needed = `This suite uses a vendor's Python client: it needs python3 on the PATH, ${oldest.join('.')} or newer.`;
  const { stdout } = await run('python3', ['-c', 'import sys; print(sys.version)']).catch((error: Error) => {
    throw new Error(`${needed} ${error.message}`);
  });
  const [major = 0, minor = 0] = stdout.split('.').map(Number);
  if (major < 3 || (major === 3 && minor < 11)) throw new Error(`${needed} This one is ${stdout.trim()}.`);
  return stdout;
}
