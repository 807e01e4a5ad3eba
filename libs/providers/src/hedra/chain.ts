import type { VendorTask } from '@doitong/contracts';

/**
 * A Hedra attempt is a chain: upload → (speech job, when there is text) → avatar job. Each step's state holds all that the
 * next needs, so that a step repeated after a crash sends the very same body under the same idempotency key, and the vendor
 * answers with the first job instead of making another.
 */
export type Step = Prepared | Speaking | Filming;

interface Film {
  attemptId: string;
  model: string;
  /** All of the avatar job's input but its `audio`. */
  film: Record<string, unknown>;
}

/** Files are uploaded, nothing is asked for yet. The task id is the attempt's. */
export interface Prepared extends Film {
  step: 'prepared';
  /** Input of the speech job, or a handle of uploaded audio. */
  sound: { speech: Record<string, unknown> } | { url: string };
}

/** The speech job runs. */
export interface Speaking extends Film {
  step: 'speaking';
}

/** The avatar job runs. */
export interface Filming {
  step: 'filming';
  speechCostMicroUsd?: number;
}

export function taskOf(id: string, step: Step): VendorTask {
  return { id, state: { ...step } };
}

export function stepOf(task: VendorTask): Step {
  return task.state as unknown as Step;
}
