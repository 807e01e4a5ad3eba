import type { Output } from '@doitong/contracts';
import { VendorError, type VendorOutput } from '@doitong/providers/kit';
import { NotStored, type Outputs } from '../outputs/outputs.js';
import type { Attempt } from './attempt.js';

/**
 * What the vendor has made is paid. A disk that is full, a store or a file server that is away are so for seconds or minutes; most vendors
 * keep a file for ten minutes at least.
 */
const PATIENCE_MS = 600_000;
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 15_000;
const SHORTEST_PAUSE_MS = 20;
/** Also where vendor times are scaled to nothing. */
const FEWEST_TRIES = 3;
/** Timers of Node hold no more. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

interface Course {
  /** Ends it, with its reason. */
  stop: AbortSignal;
  /** Asks the vendor where the output is now; undefined where it does not say. Absent where it cannot be asked. */
  fresh?: () => Promise<VendorOutput | undefined>;
}

/**
 * Stores an output, and tries again what may pass, with a fresh URL where the vendor gives one, until ten minutes or the attempt's deadline
 * are over. Throws VendorError `output-lost`.
 */
export async function store(
  attempt: Attempt,
  output: VendorOutput,
  outputs: Pick<Outputs, 'put'>,
  { stop, fresh }: Course,
): Promise<Output> {
  const since = Date.now();
  const deadline = deadlineOf(attempt);
  const signal = AbortSignal.any([stop, deadline.signal]);
  try {
    for (let from = output, tries = 1; ; tries++) {
      try {
        return await outputs.put(attempt.job, from, signal);
      } catch (error) {
        stop.throwIfAborted();
        if (deadline.signal.aborted)
          throw new VendorError('output-lost', 'not stored by the deadline', { cause: error });
        if (!(error instanceof NotStored)) throw error;
        const pauseMs = pauseAfter(error, attempt, tries, Date.now() - since);
        if (pauseMs === undefined || Date.now() + pauseMs > attempt.deadlineMs) throw error;
        attempt.logger.warn('output not stored, will try again', { error: error.message, tries, pauseMs });
        await attempt.pauses.pause(pauseMs, stop);
        if (error.by !== 'store') from = (await fresh?.()) ?? from;
      }
    }
  } finally {
    deadline.end();
  }
}

/** Undefined when patience is over. A vendor that denies its file speaks in vendor time; all else takes the time that it takes. */
function pauseAfter({ by }: NotStored, { scale }: Attempt, tries: number, elapsedMs: number): number | undefined {
  const factor = by === 'vendor' ? scale : 1;
  const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** (tries - 1), LONGEST_PAUSE_MS) * factor;
  if (tries >= FEWEST_TRIES && elapsedMs + pauseMs > PATIENCE_MS * factor) return undefined;
  return Math.max(pauseMs, SHORTEST_PAUSE_MS);
}

function deadlineOf({ deadlineMs }: Attempt) {
  const passed = new AbortController();
  const leftMs = Math.min(Math.max(0, deadlineMs - Date.now()), LONGEST_TIMER_MS);
  const timer = setTimeout(() => passed.abort(), leftMs);
  return { signal: passed.signal, end: () => clearTimeout(timer) };
}
