import { setTimeout as sleep } from 'node:timers/promises';

export interface WaitOptions {
  /** Default 20,000: what a machine with much else to do may need. */
  timeoutMs?: number;
  /** Default 25. */
  intervalMs?: number;
}

/** Repeats an assertion until it passes, and returns what it returned; throws its last error when the time is up. */
export async function waitFor<T>(
  assertion: () => T | Promise<T>,
  { timeoutMs = 20_000, intervalMs = 25 }: WaitOptions = {},
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    try {
      return await assertion();
    } catch (error) {
      if (Date.now() >= deadline) throw error;
      await sleep(intervalMs);
    }
  }
}

/** Repeats a look until it finds something (not undefined, null or false), and returns that. */
export async function eventually<T>(
  look: () => T | Promise<T>,
  options?: WaitOptions,
): Promise<Exclude<T, undefined | null | false>> {
  return waitFor(async () => {
    const found = await look();
    if (found === undefined || found === null || found === false) throw new Error(`still ${found} when time was up`);
    return found as Exclude<T, undefined | null | false>;
  }, options);
}
