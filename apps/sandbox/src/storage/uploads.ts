import { createHash, randomUUID } from 'node:crypto';
import { link, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
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
    // Another request may read the same bytes at this moment: it must find all of them.
    const draft = this.draft();
    await writeFile(draft, bytes);
    await rename(draft, path);
    return path;
  }

  /** With an idempotency key that its credential has used, the first upload of that key, whatever it was. */
  async register(upload: Omit<Upload, 'id'>, key?: string): Promise<Upload> {
    const id = key === undefined ? randomUUID() : idOfKey(`${upload.credential}\n${key}`);
    const registered = { id, ...upload };
    const draft = this.draft();
    await writeFile(draft, JSON.stringify(registered));
    // A link is made whole or not at all: of two repeats at once, one is first.
    const isNew = await link(draft, join(this.folder, `${id}.json`)).then(
      () => true,
      (error: NodeJS.ErrnoException) => {
        if (error.code !== 'EEXIST') throw error;
        return false;
      },
    );
    await rm(draft);
    return isNew ? registered : ((await this.find(id)) ?? registered);
  }

  private draft(): string {
    return join(this.folder, `${randomUUID()}.draft`);
  }

  async find(id: string): Promise<Upload | undefined> {
    if (!/^[0-9a-f-]{36}$/.test(id)) return undefined;
    const text = await readFile(join(this.folder, `${id}.json`), 'utf8').catch(() => undefined);
    return text === undefined ? undefined : (JSON.parse(text) as Upload);
  }
}

/** A key's upload is found by its id alone, also after a restart. */
function idOfKey(key: string): string {
  const hex = createHash('sha256').update(key).digest('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join('-');
}
