/**
 * How far the time in an id may lie from the time of its row, in ms: an id is made before its row, at most a minute, and by
 * another clock. Ample, as it only bounds what is read of the index.
 */
const SKEW_MS = 600_000;
const LAST_MS = 2 ** 48 - 1;

export const FIRST_ID = 'gen_';
/** No id has this digit. */
export const LAST_ID = 'gen_g';

/** Sorts before the ids of all generations that were created from this instant on. */
export const firstIdFrom = (from: string): string => idAt(Date.parse(from) - SKEW_MS);

/** Sorts after the ids of all generations that were created before this instant. */
export const lastIdBefore = (to: string): string => idAt(Date.parse(to) + SKEW_MS);

/** Sorts before each id of this millisecond and after those of earlier ones: a UUIDv7 begins with 48 bits of Unix time. */
function idAt(ms: number): string {
  return `gen_${Math.min(Math.max(ms, 0), LAST_MS).toString(16).padStart(12, '0')}`;
}
