import { isPassing, type Submission, SubmitPolicy, VendorError, type VendorErrorKind } from '@doitong/providers/kit';
import type { Attempt } from './attempt.js';

const FIRST_PAUSE_MS = 1_000;
const SHORTEST_PAUSE_MS = 20;
/** How long a vendor may take to know of a submit whose answer was lost, and of one that it says it failed at. */
const LOOK_UP_SECONDS = { lost: 60, failed: 5 };
const FEWEST_LOOKS = 6;

/** By these a vendor says that it did not take the ask: it charges nothing. */
const notTaken: VendorErrorKind[] = [
  'invalid-input',
  'credential',
  'forbidden',
  'balance',
  'rate-limited',
  'unavailable',
];

/**
 * Asks the vendor, again as far as that can do no harm. A lost answer is looked up where the vendor can be asked, and is
 * `submission-unknown` otherwise.
 */
export async function submit(attempt: Attempt): Promise<Submission> {
  const { adapter, request, vendor } = attempt;
  const submittedAfter = new Date();
  const policy = new SubmitPolicy();
  for (let tries = 1; ; tries++) {
    try {
      return await adapter.submit(request, vendor);
    } catch (error) {
      if (!(error instanceof VendorError)) throw error;
      const next = policy.after(error);
      if (next === 'look-up') return lookUp(attempt, submittedAfter, error);
      const pauseMs = pauseAfter(error, tries, attempt.scale);
      if (next === 'end' || Date.now() + pauseMs > attempt.deadlineMs) {
        if (notTaken.includes(error.kind) && !policy.mayHaveTaken) attempt.costMicroUsd = 0;
        throw error;
      }
      attempt.logger.info('vendor did not take the request, will ask again', { error: error.message, pauseMs });
      await attempt.pauses.pause(pauseMs, attempt.stop);
      if (next === 'look-up, then ask' && adapter.lookup) {
        const looked = await look(attempt, submittedAfter, LOOK_UP_SECONDS.failed);
        if (looked === 'not answered') throw error;
        if (looked !== 'not known') return looked;
      }
    }
  }
}

/** Finds a submit whose answer is unknown. Throws `submission-unknown` when the vendor cannot be asked, or knows nothing of it. */
export async function lookUp(attempt: Attempt, submittedAfter: Date, unknown?: VendorError): Promise<Submission> {
  const looked = attempt.adapter.lookup ? await look(attempt, submittedAfter, LOOK_UP_SECONDS.lost) : 'not known';
  if (typeof looked !== 'string') return looked;
  throw (
    unknown ?? new VendorError('submission-unknown', 'the worker that asked the vendor is gone, and its answer with it')
  );
}

/** Looks until the vendor knows of the submit. `not known`, `not answered`: what it said last when time was up. */
async function look(
  { adapter, request, vendor, scale, pauses, stop }: Attempt,
  submittedAfter: Date,
  seconds: number,
): Promise<Submission | 'not known' | 'not answered'> {
  const until = Date.now() + Math.max(seconds * 1_000 * scale, SHORTEST_PAUSE_MS * FEWEST_LOOKS);
  for (;;) {
    let said: 'not known' | 'not answered' = 'not known';
    try {
      const found = await adapter.lookup?.(request, vendor, submittedAfter);
      if (found) return found;
    } catch (error) {
      if (!(error instanceof VendorError && (error.doubtful || isPassing(error)))) throw error;
      said = 'not answered';
    }
    if (Date.now() > until) return said;
    await pauses.pause(Math.max(FIRST_PAUSE_MS * scale, SHORTEST_PAUSE_MS), stop);
  }
}

function pauseAfter({ retryAfterMs }: VendorError, tries: number, scale: number): number {
  return Math.max(SHORTEST_PAUSE_MS, (retryAfterMs ?? FIRST_PAUSE_MS * 2 ** (tries - 1)) * scale);
}
