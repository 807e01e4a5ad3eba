import { type Submission, VendorError, type VendorErrorKind } from '@doitong/providers/kit';
import type { Attempt } from './attempt.js';

const MOST_TRIES = 6;
const FIRST_PAUSE_MS = 1_000;
const SHORTEST_PAUSE_MS = 20;
const LOOK_UP_SECONDS = 60;

/** By these a vendor says that it did not take the ask: it charges nothing. */
const notTaken: VendorErrorKind[] = ['invalid-input', 'credential', 'balance', 'rate-limited', 'unavailable'];

/**
 * Asks the vendor, again only after an answer by which it did not take the first ask. A lost answer is looked up where
 * the vendor can be asked, and is `submission-unknown` otherwise.
 */
export async function submit(attempt: Attempt): Promise<Submission> {
  const { adapter, request, vendor } = attempt;
  const submittedAfter = new Date();
  for (let tries = 1; ; tries++) {
    try {
      return await adapter.submit(request, vendor);
    } catch (error) {
      if (!(error instanceof VendorError)) throw error;
      if (error.kind === 'submission-unknown') return lookUp(attempt, submittedAfter, error);
      const pauseMs = pauseAfter(error, tries, attempt.scale);
      const mayRepeat = error.kind === 'rate-limited' || error.kind === 'unavailable';
      if (!mayRepeat || tries === MOST_TRIES || Date.now() + pauseMs > attempt.deadlineMs) {
        if (notTaken.includes(error.kind)) attempt.costMicroUsd = 0;
        throw error;
      }
      attempt.logger.info('vendor did not take the request, will ask again', { error: error.message, pauseMs });
      await attempt.pauses.pause(pauseMs, attempt.stop);
    }
  }
}

/** Finds a submit whose answer is unknown. Throws `submission-unknown` when the vendor cannot be asked, or knows nothing of it. */
export async function lookUp(attempt: Attempt, submittedAfter: Date, unknown?: VendorError): Promise<Submission> {
  const { adapter, request, vendor, scale } = attempt;
  const until = Date.now() + Math.max(LOOK_UP_SECONDS * 1_000 * scale, SHORTEST_PAUSE_MS * MOST_TRIES);
  while (adapter.lookup) {
    try {
      const found = await adapter.lookup(request, vendor, submittedAfter);
      if (found) return found;
    } catch (error) {
      const passing =
        error instanceof VendorError && ['rate-limited', 'unavailable', 'submission-unknown'].includes(error.kind);
      if (!passing) throw error;
    }
    if (Date.now() > until) break;
    await attempt.pauses.pause(Math.max(FIRST_PAUSE_MS * scale, SHORTEST_PAUSE_MS), attempt.stop);
  }
  throw (
    unknown ?? new VendorError('submission-unknown', 'the worker that asked the vendor is gone, and its answer with it')
  );
}

function pauseAfter({ retryAfterMs }: VendorError, tries: number, scale: number): number {
  return Math.max(SHORTEST_PAUSE_MS, (retryAfterMs ?? FIRST_PAUSE_MS * 2 ** (tries - 1)) * scale);
}
