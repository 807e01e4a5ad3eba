import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, open, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { assertContentType, contentTypeOfKey } from './asset-key.js';
import {
  type AssetFacts,
  type AssetStore,
  AssetTooLargeError,
  type ByteRange,
  type PutOptions,
} from './asset-store.js';
import { ByteLimit } from './byte-limit.js';

/** No key begins with a dot, so what is still being written is never an asset. */
const incoming = '.incoming';
const abandonedAfterMs = 24 * 3600 * 1000;

/** Assets as plain files under one directory, which several processes may share. */
export class LocalDiskStore implements AssetStore {
  private constructor(private readonly directory: string) {}

  /** Makes the directory, and clears what writers that died left behind a day ago or earlier. */
  static async open(directory: string): Promise<LocalDiskStore> {
    const root = resolve(directory);
    const temporary = join(root, incoming);
    await mkdir(temporary, { recursive: true });
    for (const name of await readdir(temporary)) {
      const file = join(temporary, name);
      const facts = await unlessMissing(stat(file));
      if (facts && facts.mtimeMs < Date.now() - abandonedAfterMs) await rm(file, { force: true });
    }
    return new LocalDiskStore(root);
  }

  async put(key: string, body: Uint8Array | Readable, options: PutOptions): Promise<{ key: string; bytes: number }> {
    assertContentType(key, options.contentType);
    const temporary = join(this.directory, incoming, randomUUID());
    const target = join(this.directory, key);
    try {
      const bytes = await writeDurably(temporary, body, options);
      await mkdir(dirname(target), { recursive: true });
      await rename(temporary, target);
      await syncDirectory(dirname(target));
      return { key, bytes };
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
  }

  async head(key: string): Promise<AssetFacts | undefined> {
    const contentType = contentTypeOfKey(key);
    const facts = await unlessMissing(stat(join(this.directory, key), { bigint: true }));
    if (!facts?.isFile()) return undefined;
    return {
      bytes: Number(facts.size),
      contentType,
      lastModified: facts.mtime,
      etag: `"${facts.mtimeNs.toString(36)}-${facts.size.toString(36)}"`,
    };
  }

  async read(key: string, range?: ByteRange): Promise<Readable | undefined> {
    contentTypeOfKey(key);
    const file = await unlessMissing(open(join(this.directory, key)));
    return file?.createReadStream({ ...range });
  }

  async delete(key: string): Promise<void> {
    contentTypeOfKey(key);
    await rm(join(this.directory, key), { force: true });
  }
}

async function writeDurably(
  path: string,
  body: Uint8Array | Readable,
  { maxBytes = Number.POSITIVE_INFINITY, signal }: PutOptions,
): Promise<number> {
  if (!(body instanceof Readable)) {
    if (body.length > maxBytes) throw new AssetTooLargeError(maxBytes);
    await writeFile(path, body, { flag: 'wx', flush: true, signal });
    return body.length;
  }
  const limit = new ByteLimit(maxBytes);
  await pipeline(body, limit, createWriteStream(path, { flags: 'wx', flush: true }), { signal });
  return limit.bytes;
}

/** Makes the rename itself outlive a power cut. */
async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path);
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

async function unlessMissing<T>(look: Promise<T>): Promise<T | undefined> {
  try {
    return await look;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
}
