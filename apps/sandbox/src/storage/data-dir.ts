import { createHmac, randomBytes, randomUUID } from 'node:crypto';
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';

/** The folders that the sandbox owns, and its secret: what it signs stays valid over a restart. */
export class DataDir {
  readonly tasks: string;
  readonly media: string;
  readonly uploads: string;

  private constructor(
    root: string,
    private readonly secret: Buffer,
  ) {
    this.tasks = join(root, 'tasks');
    this.media = join(root, 'media');
    this.uploads = join(root, 'uploads');
  }

  static async open(path: string): Promise<DataDir> {
    const root = resolve(path);
    await mkdir(root, { recursive: true });
    const file = join(root, 'secret');
    // A link is made whole or not at all: a start that is killed leaves no half of a secret.
    const draft = join(root, `secret.${randomUUID()}`);
    await writeFile(draft, randomBytes(32), { mode: 0o600 });
    await link(draft, file).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
    await rm(draft);
    const dir = new DataDir(root, await readFile(file));
    await Promise.all([dir.tasks, dir.media, dir.uploads].map((folder) => mkdir(folder, { recursive: true })));
    return dir;
  }

  /** 32 bytes that belong to `purpose`, the same at every start. */
  derive(purpose: string): Buffer {
    return createHmac('sha256', this.secret).update(purpose).digest();
  }
}
