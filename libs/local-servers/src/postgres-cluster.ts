import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Account } from './postgres-account.js';

const run = promisify(execFile);

export const USER = 'doitong';
/** PostgreSQL's programs take nothing else from our environment: PG* variables would change what they do. */
export const SERVER_ENV = { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' };

/** A data directory and the password of its only role. */
export interface Cluster {
  data: string;
  password: string;
}

export const clusterData = (directory: string) => join(directory, 'cluster');

/** Opens the cluster in `directory`, or makes one there: C locale, UTF-8, password by SCRAM. */
export async function openCluster(directory: string, initdb: string, account: Account): Promise<Cluster> {
  const data = clusterData(directory);
  const passwordFile = join(directory, 'password');
  if (!existsSync(data)) await createCluster(data, passwordFile, initdb, account);
  return { data, password: (await readFile(passwordFile, 'utf8')).trim() };
}

async function createCluster(data: string, passwordFile: string, initdb: string, account: Account): Promise<void> {
  await writeFile(passwordFile, `${randomBytes(24).toString('base64url')}\n`, { mode: 0o600 });
  await account.own(passwordFile);

  // Made beside its place and then renamed: a crash in between leaves no half cluster.
  const unfinished = `${data}.new`;
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { mode: 0o700 });
  await account.own(unfinished);
  const [command, args] = account.command(initdb, [
    ...['--pgdata', unfinished, '--username', USER, '--pwfile', passwordFile, '--auth', 'scram-sha-256'],
    ...['--locale', 'C', '--encoding', 'UTF8', '--no-sync', '--no-instructions'],
  ]);
  await run(command, args, { ...account.options, cwd: '/', env: SERVER_ENV }).catch((cause) => {
    throw new Error(`PostgreSQL's initdb failed: ${String(cause.stderr || cause.message).trim()}`, { cause });
  });
  await rename(unfinished, data);
}
