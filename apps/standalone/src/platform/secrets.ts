import { randomBytes } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';

/** What must be the same after a restart. */
export interface Secrets {
  assetUrlSecret: string;
  callbackSecret: string;
  account?: { accountId: string; testKey: string; liveKey: string };
}

export async function readSecrets(file: string): Promise<Secrets> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Secrets;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    const secrets = { assetUrlSecret: secret(), callbackSecret: secret() };
    await writePrivate(file, secrets);
    return secrets;
  }
}

/** Writes JSON that only its owner can read, whole or not at all. */
export async function writePrivate(file: string, content: unknown): Promise<void> {
  const written = `${file}.${process.pid}`;
  await writeFile(written, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 });
  await rename(written, file);
}

const secret = () => randomBytes(32).toString('base64url');
