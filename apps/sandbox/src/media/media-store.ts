import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { LRUCache } from 'lru-cache';
import type { Renderer } from './renderer.js';
import { contentTypeOf, extensionOf, type MediaSpec } from './specs.js';

const mebibyte = 1024 * 1024;
const largestHotBytes = mebibyte / 4;

export interface MediaFile {
  path: string;
  bytes: number;
  contentType: string;
}

export interface MediaStoreOptions {
  folder: string;
  maxBytes: number;
  /** How many files are rendered at a time. */
  parallel: number;
}

/** Rendered media on the disk, each made once, when it is first wanted; the least used give way. */
export class MediaStore {
  private readonly sizes: LRUCache<string, number>;
  private readonly rendering = new Map<string, Promise<number>>();
  private readonly queue: (() => void)[] = [];
  /** Small files that are asked for again and again. */
  private readonly hot = new LRUCache<string, Buffer>({
    maxSize: 8 * mebibyte,
    sizeCalculation: ({ length }) => length,
  });
  private busy = 0;
  private isClosed = false;

  private constructor(
    private readonly options: MediaStoreOptions,
    private readonly renderer: Renderer,
  ) {
    this.sizes = new LRUCache({
      maxSize: options.maxBytes,
      sizeCalculation: (bytes) => Math.max(1, bytes),
      dispose: (_bytes, name, why) => {
        if (why === 'evict') void rm(join(options.folder, name), { force: true });
      },
    });
  }

  static async open(options: MediaStoreOptions, renderer: Renderer): Promise<MediaStore> {
    const store = new MediaStore(options, renderer);
    for (const name of await readdir(options.folder)) {
      const path = join(options.folder, name);
      if (name.startsWith('.')) await rm(path, { force: true });
      else store.sizes.set(name, (await stat(path)).size);
    }
    return store;
  }

  async file(spec: MediaSpec): Promise<MediaFile> {
    const name = `${createHash('sha256').update(JSON.stringify(spec)).digest('hex').slice(0, 40)}.${extensionOf(spec)}`;
    const bytes = this.sizes.get(name) ?? (await this.rendered(name, spec));
    return { path: join(this.options.folder, name), bytes, contentType: contentTypeOf(spec) };
  }

  /** Bytes `start` to `end`, both included: at once where the file is small, else as a stream. */
  async content({ path, bytes }: MediaFile, start = 0, end = bytes - 1): Promise<Buffer | Readable> {
    if (bytes > largestHotBytes) return createReadStream(path, { start, end });
    const known = this.hot.get(path);
    if (known) return known.subarray(start, end + 1);
    const read = await readFile(path);
    this.hot.set(path, read);
    return read.subarray(start, end + 1);
  }

  /** Renders what will soon be asked for. A failure shows when it is. */
  warm(spec: MediaSpec): void {
    this.file(spec).catch(() => undefined);
  }

  /** Gives up what is not yet rendered. */
  async close(): Promise<void> {
    this.isClosed = true;
    this.renderer.close();
    await Promise.allSettled(this.rendering.values());
  }

  private rendered(name: string, spec: MediaSpec): Promise<number> {
    const known = this.rendering.get(name);
    if (known) return known;
    const made = this.render(name, spec).finally(() => this.rendering.delete(name));
    this.rendering.set(name, made);
    return made;
  }

  private async render(name: string, spec: MediaSpec): Promise<number> {
    const { folder, parallel } = this.options;
    if (this.busy >= parallel) await new Promise<void>((resolve) => this.queue.push(resolve));
    else this.busy += 1;
    try {
      if (this.isClosed) throw new Error('the sandbox is closing');
      const draft = join(folder, `.${name}`);
      await this.renderer.render(spec, draft);
      const { size } = await stat(draft);
      await rename(draft, join(folder, name));
      this.sizes.set(name, size);
      return size;
    } finally {
      const next = this.queue.shift();
      if (next) next();
      else this.busy -= 1;
    }
  }
}
