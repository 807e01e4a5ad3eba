import { randomBytes } from 'node:crypto';

/** Randomness, injected. */
export class Randomness {
  /** From 0 up to, but not including, 1. */
  fraction(): number {
    return Math.random();
  }

  /** Fit for secrets. */
  bytes(count: number): Buffer {
    return randomBytes(count);
  }
}
