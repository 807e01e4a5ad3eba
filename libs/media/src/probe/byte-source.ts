import { readSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { InvalidMediaError } from './invalid-media-error.js';

/** A file, of which parts are read. */
export interface ByteSource {
  bytes: number;
  /** `end` is not included; both are clamped to the source. InvalidMediaError when that is more than any reader needs at once. */
  read(start: number, end: number): Promise<Uint8Array>;
}

/** Readers ask for what a file says that they need. */
const mostAtOnce = 64 * 1024 * 1024;

export async function withByteSource<T>(path: string, work: (source: ByteSource) => Promise<T>): Promise<T> {
  const file = await open(path);
  try {
    const { size: bytes } = await file.stat();
    const read = async (start: number, end: number) => {
      const from = Math.max(0, start);
      const length = Math.max(0, Math.min(end, bytes) - from);
      if (length > mostAtOnce) throw new InvalidMediaError('A part of the file is too long');
      const part = Buffer.alloc(length);
      // This process has nothing else to do, and a file can have it read a million times.
      return part.subarray(0, readSync(file.fd, part, 0, length, from));
    };
    return await work({ bytes, read });
  } finally {
    await file.close();
  }
}
