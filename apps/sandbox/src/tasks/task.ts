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

/** Milliseconds from the submit to the end. */
export function durationMs(task: Task, speed: number): number {
  const { slowSeconds } = faultsOf(task);
  return slowSeconds === undefined ? task.seconds * 1000 * speed : slowSeconds * 1000;
}

/** How far a task ever comes, 1 being its end. */
export function furthest(task: Task): number {
  return faultsOf(task).has('hang') ? 0.5 : 1;
}

/** How a task ends. */
export type Verdict = 'succeeded' | 'failed' | 'content-rejected' | 'output-moderated';

export function verdictOf(task: Task): Verdict {
  const { has } = faultsOf(task);
  if (has('content-rejected')) return 'content-rejected';
  if (has('output-moderated')) return 'output-moderated';
  return has('failed') ? 'failed' : 'succeeded';
}
