import { setTimeout as sleep } from 'node:timers/promises';

const DAY_MS = 86_400_000;
export const SUITE_MS = 30_000;
export const untilMidnightMs = () => DAY_MS - (Date.now() % DAY_MS);

/** A UTC midnight in the middle of a test would be a new day for its quota. */
export async function awayFromMidnight(): Promise<void> {
  if (untilMidnightMs() < SUITE_MS) await sleep(untilMidnightMs() + 1_000);
}
