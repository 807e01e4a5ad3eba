import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, utimes, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { type TemporaryFolder, temporaryFolder } from '@doitong/support';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { clearTemporaryFiles, temporaryPath } from './temporary-files.js';

let folder: TemporaryFolder;
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(() => folder.remove());

/** The number of a process that was killed. */
async function killed(): Promise<number> {
  const child = spawn('sleep', ['1000']);
  const { pid } = child;
  child.kill('SIGKILL');
  await once(child, 'exit');
  return pid!;
}

it('the files of a process that was killed are cleared by the next that starts, and nobody else’s', async () => {
  const own = temporaryPath(folder.path);
  const dead = own.replace(`-${process.pid}-`, `-${await killed()}-`);
  // Of a process that had this one's number, as in a container the next one has.
  const before = temporaryPath(folder.path);
  const living = own.replace(`-${process.pid}-`, `-${process.ppid}-`);
  const foreign = join(folder.path, 'something-else');
  for (const path of [own, dead, before, living, foreign]) await writeFile(path, 'x');
  await utimes(before, 0, 0);
  await clearTemporaryFiles(folder.path);
  expect((await readdir(folder.path)).sort()).toEqual([own, living, foreign].map((path) => basename(path)).sort());
});
