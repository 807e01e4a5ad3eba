import { faultsOf } from '../faults/faults.js';
import type { MediaSpec } from '../media/specs.js';

/** One accepted submit, as it is kept. What becomes of it follows from its age: nothing else changes. */
export interface Task {
  /** The vendor's id. */
  id: string;
  family: string;
  model: string;
  /** The prompt or the text, with its markers. */
  prompt: string;
  /** Fingerprint of the credential that it came with. */
  credential: string;
  createdMs: number;
  /** Seconds that the vendor would take. */
  seconds: number;
  /** Base URL that the client used; its outputs' URLs start with it. */
  origin: string;
  outputs: MediaSpec[];
  idempotencyKey?: string;
  callback?: { url: string; secret?: string };
  /** What else the vendor's answers tell of it. */
  details: Record<string, unknown>;
}

/** Milliseconds from the submit to the end; infinite for one that hangs. */
export function durationMs(task: Task, speed: number): number {
  const { has, slowSeconds } = faultsOf(task.prompt);
  if (has('hang')) return Number.POSITIVE_INFINITY;
  return slowSeconds === undefined ? task.seconds * 1000 * speed : slowSeconds * 1000;
}

/** How a task ends. */
export type Verdict = 'succeeded' | 'failed' | 'content-rejected' | 'output-moderated';

export function verdictOf(task: Task): Verdict {
  const { has } = faultsOf(task.prompt);
  if (has('content-rejected')) return 'content-rejected';
  if (has('output-moderated')) return 'output-moderated';
  return has('failed') ? 'failed' : 'succeeded';
}
