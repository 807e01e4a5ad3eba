import type { AttemptFailure } from '@doitong/contracts';

/**
 * What is remembered of a credential that fails; nothing, while it serves. Closed, it lets every attempt through; opened, none
 * until `openUntil`; from then on it is half-open, and lets one through at a time, whose success closes it.
 */
export interface Circuit {
  /** In a row, since it last served. */
  faults: number;
  /** The accounts that met faults since it last served or was last opened, and when each did last, in epoch ms. */
  accounts: Record<string, number>;
  /** How often it was opened since it last served. */
  openings: number;
  /** Null while it is closed. */
  openedAt: Date | null;
  openUntil: Date | null;
  /** The one attempt that half-open lets through is not waited for any longer. */
  trialUntil: Date | null;
}

type Fault = Pick<AttemptFailure, 'kind' | 'retryAfterMs'> & {
  /** Whose attempt met it. */
  accountId: string;
  /** When the vendor was asked. */
  askedAt: Date;
};

/**
 * So many accounts must meet a fault that one request may have brought about: the voice, the model or the size that it asks for, or
 * the number of requests beside it. No account closes a vendor to the others by requests of its own.
 */
const ACCOUNTS_TO_OPEN = 3;
/** So many that half-open let through: what was agreed on before needs less. */
const ACCOUNTS_TO_OPEN_AGAIN = 2;
/** What accounts met longer ago agrees with nothing that is met now. */
const AGREEMENT_MS = 600_000;
/** So many in a row are no accident: a worker has asked more than once before it reports one. */
const FAULTS_TO_OPEN = 5;
const FIRST_OPEN_MS = 30_000;
/** Trials fail attempts of two accounts at the most four times an hour, and a vendor that is back is noticed within a coffee break. */
const LONGEST_OPEN_MS = 900_000;
/** Longer than a trial that has not been heard of can take to submit. */
export const TRIAL_MS = 60_000;
/** A trial usually takes seconds. Who waits for it looks again this soon. */
export const TRIAL_LOOK_MS = 2_000;

const passing = { accounts: ACCOUNTS_TO_OPEN, faults: FAULTS_TO_OPEN };
const doubtful = { accounts: ACCOUNTS_TO_OPEN, faults: ACCOUNTS_TO_OPEN };
/** The kinds that tell of a credential, and how many accounts must meet how many of them. Only `credential` is explained by nothing else. */
const faultKinds: Partial<Record<AttemptFailure['kind'], { accounts: number; faults: number }>> = {
  credential: { accounts: 1, faults: 1 },
  forbidden: doubtful,
  // What is left may do for a cheaper request.
  balance: doubtful,
  'rate-limited': passing,
  unavailable: passing,
  'server-error': passing,
};

export function isFault({ kind }: Pick<AttemptFailure, 'kind'>): boolean {
  return kind in faultKinds;
}

/** The circuit after one more fault. Each opening in a row lasts twice as long, and as long as the vendor asks for, within the bound. */
export function afterFault(
  circuit: Circuit | undefined,
  { kind, retryAfterMs = 0, askedAt, accountId }: Fault,
  now: Date,
): Circuit {
  const before = circuit ?? closed;
  const { openings, openedAt } = before;
  // Who asked before it opened has nothing new to tell.
  if (openedAt && askedAt < openedAt) return before;
  const faults = before.faults + 1;
  const accounts = { ...recent(before.accounts, now), [accountId]: now.getTime() };
  // The trial, where it was one, is over: the next one may try.
  if (!isEnough(kind, faults, Object.keys(accounts).length, openedAt !== null)) {
    return { ...before, faults, accounts, trialUntil: null };
  }
  const openMs = Math.min(Math.max(FIRST_OPEN_MS * 2 ** openings, retryAfterMs), LONGEST_OPEN_MS);
  return {
    faults,
    accounts: {},
    openings: openings + 1,
    openedAt: now,
    openUntil: new Date(now.getTime() + openMs),
    trialUntil: null,
  };
}

const closed: Circuit = { faults: 0, accounts: {}, openings: 0, openedAt: null, openUntil: null, trialUntil: null };

function isEnough(kind: AttemptFailure['kind'], faults: number, accounts: number, isOpen: boolean): boolean {
  const needed = faultKinds[kind];
  if (!needed) return false;
  if (isOpen) return accounts >= Math.min(needed.accounts, ACCOUNTS_TO_OPEN_AGAIN);
  return accounts >= needed.accounts && faults >= needed.faults;
}

function recent(accounts: Circuit['accounts'], now: Date): Circuit['accounts'] {
  return Object.fromEntries(Object.entries(accounts).filter(([, at]) => now.getTime() - at < AGREEMENT_MS));
}

/** How long until a credential lets an attempt through, in ms; 0 when it does now. */
export function waitOf(circuit: Circuit | undefined, now: Date): number {
  const { openUntil, trialUntil } = circuit ?? {};
  if (openUntil && openUntil > now) return openUntil.getTime() - now.getTime();
  if (trialUntil && trialUntil > now) return Math.min(trialUntil.getTime() - now.getTime(), TRIAL_LOOK_MS);
  return 0;
}
