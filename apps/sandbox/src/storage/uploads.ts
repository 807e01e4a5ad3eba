import { createHash, randomUUID } from 'node:crypto';
import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Longer than any vendor keeps what was uploaded to it. */
const keptMs = 48 * 3_600_000;

/** What the sandbox knows of an uploaded file. */
export interface Upload {
  id: string;
  path: string;
  contentType: string;
  bytes: number;
  credential: string;
  createdMs: number;
  width?: number;
  height?: number;
  audioSeconds?: number;
}

/** Files that clients have sent in. Those of an earlier start are deleted when they are two days old. */
export class Uploads {
  private constructor(private readonly folder: string) {}

  static async open(folder: string): Promise<Uploads> {
    for (const name of await readdir(folder)) {
      const path = join(folder, name);
      if (Date.now() - (await stat(path)).mtimeMs > keptMs) await rm(path, { force: true });
    }
    return new Uploads(folder);
  }

  /** Keeps bytes and returns their path: the same for the same bytes, so that media made of them are made once. */
  async store(bytes: Uint8Array): Promise<string> {
    const path = join(this.folder, createHash('sha256').update(bytes).digest('hex'));
    await writeFile(path, bytes);
    return path;
  }

  async register(upload: Omit<Upload, 'id'>): Promise<Upload> {
    const registered = { id: randomUUID(), ...upload };
    await writeFile(join(this.folder, `${registered.id}.json`), JSON.stringify(registered));
    return registered;
  }

  async find(id: string): Promise<Upload | undefined> {
    if (!/^[0-9a-f-]{36}$/.test(id)) return undefined;
    const text = await readFile(join(this.folder, `${id}.json`), 'utf8').catch(() => undefined);
    return text === undefined ? undefined : (JSON.parse(text) as Upload);
  }
}
