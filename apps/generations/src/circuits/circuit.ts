import type { AttemptFailure } from '@doitong/contracts';

/**
 * What is remembered of a credential that fails; nothing, while it serves. Closed, it lets every attempt through; opened, none
 * until `openUntil`; from then on it is half-open, and lets one through at a time, whose success closes it.
 */
export interface Circuit {
  /** In a row, since it last served. */
  faults: number;
  /** How often it was opened since it last served. */
  openings: number;
  /** Null while it is closed. */
  openedAt: Date | null;
  openUntil: Date | null;
  /** The one attempt that half-open lets through is not waited for any longer. */
  trialUntil: Date | null;
}

type Fault = Pick<AttemptFailure, 'kind' | 'retryAfterMs'> & {
  /** When the vendor was asked. */
  askedAt: Date;
};

/** So many in a row are no accident: a worker has asked more than once before it reports one. */
const FAULTS_TO_OPEN = 5;
const FIRST_OPEN_MS = 30_000;
/** A trial fails somebody's attempt at the most four times an hour, and a vendor that is back is noticed within a coffee break. */
const LONGEST_OPEN_MS = 900_000;
/** Longer than a trial that has not been heard of can take to submit. */
export const TRIAL_MS = 60_000;
/** A trial usually takes seconds. Who waits for it looks again this soon. */
export const TRIAL_LOOK_MS = 2_000;

/** The kinds that tell of a credential; whether one of it alone does. */
const faultKinds: Partial<Record<AttemptFailure['kind'], { alone: boolean }>> = {
  credential: { alone: true },
  balance: { alone: true },
  'rate-limited': { alone: false },
  unavailable: { alone: false },
  'server-error': { alone: false },
};

export function isFault({ kind }: Pick<AttemptFailure, 'kind'>): boolean {
  return kind in faultKinds;
}

/** The circuit after one more fault. Each opening in a row lasts twice as long, and as long as the vendor asks for, within the bound. */
export function afterFault(
  circuit: Circuit | undefined,
  { kind, retryAfterMs = 0, askedAt }: Fault,
  now: Date,
): Circuit {
  const { faults, openings, openedAt } = circuit ?? { faults: 0, openings: 0, openedAt: null };
  // Who asked before it opened has nothing new to tell.
  if (circuit && openedAt && askedAt < openedAt) return circuit;
  const opens = openedAt !== null || faultKinds[kind]?.alone || faults + 1 >= FAULTS_TO_OPEN;
  if (!opens) return { faults: faults + 1, openings, openedAt: null, openUntil: null, trialUntil: null };
  const openMs = Math.min(Math.max(FIRST_OPEN_MS * 2 ** openings, retryAfterMs), LONGEST_OPEN_MS);
  return {
    faults: faults + 1,
    openings: openings + 1,
    openedAt: now,
    openUntil: new Date(now.getTime() + openMs),
    trialUntil: null,
  };
}

/** How long until a credential lets an attempt through, in ms; 0 when it does now. */
export function waitOf(circuit: Circuit | undefined, now: Date): number {
  const { openUntil, trialUntil } = circuit ?? {};
  if (openUntil && openUntil > now) return openUntil.getTime() - now.getTime();
  if (trialUntil && trialUntil > now) return Math.min(trialUntil.getTime() - now.getTime(), TRIAL_LOOK_MS);
  return 0;
}
