import type { GenerationStatus } from '@doitong/contracts';

/** The life of a generation: from each status, those that it may go to. A terminal one goes nowhere. */
export const transitions: Record<GenerationStatus, GenerationStatus[]> = {
  QUEUED: ['PROCESSING', 'COMPLETED', 'FAILED', 'CANCELLED'],
  PROCESSING: ['COMPLETED', 'FAILED', 'CANCELLED'],
  COMPLETED: [],
  FAILED: [],
  CANCELLED: [],
};

/** Those of a generation that has not ended. */
export const live = (Object.keys(transitions) as GenerationStatus[]).filter((from) => transitions[from].length > 0);

/** Those of one that has. */
export const ended = (Object.keys(transitions) as GenerationStatus[]).filter((from) => transitions[from].length === 0);

/** The statuses from which `to` can be reached: the guard of every update. */
export function sourcesOf(to: GenerationStatus): GenerationStatus[] {
  return (Object.keys(transitions) as GenerationStatus[]).filter((from) => transitions[from].includes(to));
}
