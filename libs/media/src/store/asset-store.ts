import type { Readable } from 'node:stream';

export interface AssetFacts {
  bytes: number;
  contentType: string;
  lastModified: Date;
  /** A strong validator, in its quotes. */
  etag: string;
}

/** Byte positions from 0, both included. */
export interface ByteRange {
  start: number;
  end: number;
}

export interface PutOptions {
  /** Must be the type that the key's extension names. */
  contentType: string;
  /** Default: no limit. */
  maxBytes?: number;
  /** Ends it: then nothing was stored. */
  signal?: AbortSignal;
}

/**
 * Where outputs are kept. Every method throws InvalidAssetKeyError for a key that `contentTypeOfKey` refuses.
 * A file appears whole or not at all, also to those who read while it is written; putting a key again replaces it. Writers
 * put the content's hash into the key, so that the bytes behind a key never change and may be cached for ever.
 */
export interface AssetStore {
  /** Durable once resolved. Throws AssetTooLargeError, or what the body's stream threw; then nothing was stored. */
  put(key: string, body: Uint8Array | Readable, options: PutOptions): Promise<{ key: string; bytes: number }>;
  /** Undefined: there is no such asset. */
  head(key: string): Promise<AssetFacts | undefined>;
  /** Undefined: there is no such asset. Without a range, the whole file. The caller reads the stream to its end or destroys it. */
  read(key: string, range?: ByteRange): Promise<Readable | undefined>;
  /** Deleting what is not there is no error. */
  delete(key: string): Promise<void>;
}

export class AssetTooLargeError extends Error {
  override readonly name = 'AssetTooLargeError';

  constructor(readonly maxBytes: number) {
    super(`The asset is larger than ${maxBytes} bytes`);
  }
}
