import { Transform } from 'node:stream';
import { AssetTooLargeError } from './asset-store.js';

/** Passes bytes on, counts them, and fails with AssetTooLargeError at the first chunk past the limit. */
export class ByteLimit extends Transform {
  bytes = 0;

  constructor(private readonly maxBytes: number) {
    super();
  }

  override _transform(
    chunk: Buffer,
    _encoding: BufferEncoding,
    done: (error: Error | null, chunk?: Buffer) => void,
  ): void {
    this.bytes += chunk.length;
    if (this.bytes > this.maxBytes) done(new AssetTooLargeError(this.maxBytes));
    else done(null, chunk);
  }
}
