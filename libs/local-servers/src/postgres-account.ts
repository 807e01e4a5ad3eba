import { execFile, type SpawnOptions } from 'node:child_process';
import { chown, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** How to run a PostgreSQL program: as ourselves, or as root by way of another account, since PostgreSQL refuses root. */
export interface Account {
  command(program: string, args: string[]): [program: string, args: string[]];
  options: Pick<SpawnOptions, 'uid' | 'gid'>;
  /** Makes the account the owner of a file that we made for it. */
  own(path: string): Promise<void>;
}

const OURSELVES: Account = { command: (program, args) => [program, args], options: {}, own: async () => {} };

/**
 * The account that runs PostgreSQL on `directory`, which is given to that account if it is root's.
 * As root this is the owner of the directory, else `postgres`, else `nobody`.
 */
export async function serverAccount(directory: string, program: string): Promise<Account> {
  if (process.getuid?.() !== 0) return OURSELVES;
  const owner = await stat(directory);
  const ids = owner.uid === 0 ? await unprivilegedIds() : { uid: owner.uid, gid: owner.gid };
  if (owner.uid === 0) await giveTo(directory, ids);

  const complaints: string[] = [];
  for (const candidate of [plain(ids), throughClosedFolders(ids)]) {
    const complaint = await complaintOf(candidate, directory, program);
    if (complaint === undefined) return candidate;
    complaints.push(complaint);
  }
  throw new Error(
    `PostgreSQL refuses to run as root, and user id ${ids.uid}, which is to run it, cannot reach ${directory} or ${program}: ` +
      'a folder above is closed to it (a home of mode 700?). Run as another user, open that folder (chmod o+x), move there, ' +
      `or set DATABASE_URL to use a server of your own. (${complaints.join('; ')})`,
  );
}

type Ids = { uid: number; gid: number };

async function unprivilegedIds(): Promise<Ids> {
  for (const name of ['postgres', 'nobody']) {
    const [uid, gid] = await Promise.all(['-u', '-g'].map((flag) => idOf(flag, name)));
    if (uid && gid) return { uid, gid };
  }
  throw new Error('PostgreSQL refuses to run as root, and there is neither a user `postgres` nor a user `nobody`.');
}

async function idOf(flag: string, name: string): Promise<number | undefined> {
  const { stdout } = await run('id', [flag, name]).catch(() => ({ stdout: '' }));
  return Number(stdout) || undefined;
}

async function giveTo(directory: string, ids: Ids): Promise<void> {
  const entries = await readdir(directory, { recursive: true });
  await Promise.all(['', ...entries].map((entry) => ownedBy(ids)(join(directory, entry))));
}

const ownedBy = (ids: Ids) => (path: string) => chown(path, ids.uid, ids.gid);

const plain = (ids: Ids): Account => ({ ...OURSELVES, options: ids, own: ownedBy(ids) });

/** Linux only: the other account, but free of file permissions, so that a checkout below /root works too. */
function throughClosedFolders(ids: Ids): Account {
  const flags = [
    `--reuid=${ids.uid}`,
    `--regid=${ids.gid}`,
    '--clear-groups',
    // Without this the kernel would ignore the capability in access(2), by which PostgreSQL checks its own path.
    '--securebits=+no_setuid_fixup',
    '--inh-caps=+dac_override',
    '--ambient-caps=+dac_override',
  ];
  return {
    command: (program, args) => ['setpriv', [...flags, '--', program, ...args]],
    options: {},
    own: ownedBy(ids),
  };
}

/** What is in the way of running the program on the directory; undefined: nothing. */
async function complaintOf(account: Account, directory: string, program: string): Promise<string | undefined> {
  const script = '"$0" --version && cd "$1"';
  const [command, args] = account.command('/bin/sh', ['-c', script, program, directory]);
  return run(command, args, { ...account.options, cwd: '/' }).then(
    () => undefined,
    (error) => String(error.stderr || error.message).trim(),
  );
}
