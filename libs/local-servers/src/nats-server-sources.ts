import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { mkdir, readdir } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export const NATS_SERVER = 'nats-server';
/** The newest release that Go 1.23 can build. */
const GO_MODULE = 'github.com/nats-io/nats-server/v2@v2.10.29';
/** Where packages put servers, often missing from the PATH of a normal user. */
const SERVER_FOLDERS = ['/usr/local/bin', '/usr/local/sbin', '/usr/sbin', '/opt/homebrew/bin'];

/** A way to get the program: `fetch` puts it below an empty folder and returns its path. */
interface Source {
  name: string;
  fetch(scratch: string): Promise<string>;
}

export function onPath(): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter).filter(Boolean), ...SERVER_FOLDERS];
  return folders.map((folder) => join(folder, NATS_SERVER)).find(isExecutable);
}

/** In order of cost: seconds, then minutes. Both check what they fetch: apt by signed lists, Go by its checksum database. */
export const NATS_SERVER_SOURCES: Source[] = [
  { name: "the distribution's package", fetch: fromDistribution },
  { name: `go install ${GO_MODULE}`, fetch: fromGo },
];

async function fromDistribution(scratch: string): Promise<string> {
  await apt(scratch, ['download', NATS_SERVER]).catch(async () => {
    // No usable lists on this machine (containers ship without): fetch some of our own, which needs no root.
    await mkdir(join(scratch, 'lists', 'partial'), { recursive: true });
    await mkdir(join(scratch, 'archives', 'partial'), { recursive: true });
    const ownLists = ['-o', `Dir::State::Lists=${scratch}/lists`, '-o', `Dir::Cache=${scratch}`];
    await apt(scratch, [...ownLists, 'update']);
    await apt(scratch, [...ownLists, 'download', NATS_SERVER]);
  });
  const archive = (await readdir(scratch)).find((name) => name.endsWith('.deb'));
  if (!archive) throw new Error('apt-get left no package');
  await run('dpkg', ['-x', archive, 'unpacked'], { cwd: scratch });
  return verified(join(scratch, 'unpacked', 'usr', 'sbin', NATS_SERVER));
}

async function apt(cwd: string, args: string[]): Promise<void> {
  // As root apt would fetch as a user of its own, who cannot write to our folder.
  const asRoot = process.getuid?.() === 0 ? ['-o', 'APT::Sandbox::User=root'] : [];
  const limits = ['-o', 'Acquire::Retries=1', '-o', 'Acquire::http::Timeout=20', '-o', 'Acquire::Languages=none'];
  await run('apt-get', ['-q', ...asRoot, ...limits, ...args], { cwd, timeout: 180_000 });
}

async function fromGo(scratch: string): Promise<string> {
  const env = { ...process.env, GOBIN: scratch, CGO_ENABLED: '0' };
  await run('go', ['install', '-trimpath', '-ldflags=-s -w', GO_MODULE], { cwd: scratch, env, timeout: 600_000 });
  return verified(join(scratch, NATS_SERVER));
}

async function verified(program: string): Promise<string> {
  await run(program, ['--version']);
  return program;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
