import { Transform } from 'node:stream';

export interface Rate {
  bytes: number;
  /** In which so many must come. */
  windowMs: number;
}

/**
 * 16 kB/s: at less, a video of 10 MB takes ten minutes, longer than most vendors keep its URL. Half a minute lets pass what a busy network, or
 * a machine that stands still, loses and makes up for.
 */
export const LEAST_RATE: Rate = { bytes: 30 * 16_000, windowMs: 30_000 };

/** Passes bytes on, and fails at the end of a window in which too few came: also where none came at all. */
export class LeastRate extends Transform {
  private came = 0;
  private readonly timer: NodeJS.Timeout;

  constructor({ bytes, windowMs }: Rate) {
    super();
    this.timer = setInterval(() => {
      if (this.came < bytes) this.destroy(new Error(`it sent ${this.came} bytes in ${windowMs / 1_000} s`));
      this.came = 0;
    }, windowMs);
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: (error: null, chunk: Buffer) => void): void {
    this.came += chunk.length;
    done(null, chunk);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    clearInterval(this.timer);
    done(error);
  }
}
