import { open } from 'node:fs/promises';

/** Bytes in memory or in a file, read the same way. */
export interface ByteSource {
  bytes: number;
  /** `end` is not included; both are clamped to the source. */
  read(start: number, end: number): Promise<Uint8Array>;
}

export type MediaInput = Uint8Array | { path: string };

export async function withByteSource<T>(input: MediaInput, work: (source: ByteSource) => Promise<T>): Promise<T> {
  if (input instanceof Uint8Array) {
    const read = async (start: number, end: number) => input.subarray(Math.max(0, start), Math.max(0, end));
    return work({ bytes: input.length, read });
  }
  const file = await open(input.path);
  try {
    const { size: bytes } = await file.stat();
    const read = async (start: number, end: number) => {
      const from = Math.max(0, start);
      const wanted = Buffer.alloc(Math.max(0, Math.min(end, bytes) - from));
      const { bytesRead } = await file.read(wanted, 0, wanted.length, from);
      return wanted.subarray(0, bytesRead);
    };
    return await work({ bytes, read });
  } finally {
    await file.close();
  }
}
