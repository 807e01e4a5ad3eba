import type { AttemptFailure } from '@doitong/contracts';

/** What was seen of a model, in observations that have faded since. */
export interface Observed {
  successes: number;
  failures: number;
  /** Of all successes together, from the ask to the stored output. */
  seconds: number;
}

/** How a model does at present. */
export interface Health {
  /** 0 to 1. */
  successRate: number;
  /** From the ask to the stored output. */
  seconds: number;
}

export const nothing: Observed = { successes: 0, failures: 0, seconds: 0 };

/** Vendors' incidents last from minutes to hours: after an hour of rest little of one is held against a model, and it is tried again. */
const HALF_LIFE_MS = 900_000;
/** So a busy model's good hour does not hide that it fails now: twenty failures halve its rate, however much it did before. */
const MOST_OBSERVATIONS = 20;
/** What the manifest says weighs as much as these few observations: one failure does not bury a model that is new or rarely used. */
const PRIOR_OBSERVATIONS = 5;
const PRIOR_SUCCESS_RATE = 0.97;

/** The kinds of failure that tell of a model. The others are the customer's fault, or the credential's, which has a circuit. */
const modelsFault = new Set<AttemptFailure['kind']>([
  'rate-limited',
  'unavailable',
  'server-error',
  'submission-unknown',
  'failed',
  'output-lost',
]);

export function isModels({ kind }: Pick<AttemptFailure, 'kind'>): boolean {
  return modelsFault.has(kind);
}

/** Weighs what was seen `ageMs` ago less, the older it is. */
export function faded(observed: Observed, ageMs: number): Observed {
  return scaled(observed, 2 ** (-Math.max(0, ageMs) / HALF_LIFE_MS));
}

/** Adds what was seen since, and keeps the whole below the most that counts. */
export function added(observed: Observed, more: Observed): Observed {
  const sum = {
    successes: observed.successes + more.successes,
    failures: observed.failures + more.failures,
    seconds: observed.seconds + more.seconds,
  };
  return scaled(sum, Math.min(1, MOST_OBSERVATIONS / (sum.successes + sum.failures)));
}

/** `expectedSeconds`: what the manifest says. */
export function healthOf({ successes, failures, seconds }: Observed, expectedSeconds: number): Health {
  return {
    successRate: (successes + PRIOR_OBSERVATIONS * PRIOR_SUCCESS_RATE) / (successes + failures + PRIOR_OBSERVATIONS),
    seconds: (seconds + PRIOR_OBSERVATIONS * expectedSeconds) / (successes + PRIOR_OBSERVATIONS),
  };
}

function scaled({ successes, failures, seconds }: Observed, factor: number): Observed {
  return { successes: successes * factor, failures: failures * factor, seconds: seconds * factor };
}
