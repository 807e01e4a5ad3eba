import { DoitongError } from '@doitong/contracts';
import type { Candidate } from '../catalogue/catalogue.entity.js';
import { type Choice, choose } from '../choice/choice.js';
import type { Exclude } from '../choice/consider.js';
import type { GenerationRow } from '../generations/generation.entity.js';
import { deedOf, type Tried } from './tried.js';

/** What the next model may take. */
export interface Room {
  /** Until the deadline of the generation. */
  secondsLeft: number;
  mostCredits: number;
}

/**
 * So many models are tried for one generation: what three refuse is most likely at fault itself, and each try takes the
 * customer's time and may cost us money.
 */
const MOST_MODELS = 3;

/** A generation moves when we chose its model, not when its caller did. */
export function mayMove({ provider, model }: GenerationRow['asked'], tried: Tried[]): boolean {
  return provider === undefined && model === undefined && tried.length < MOST_MODELS;
}

/**
 * Chooses anew among the models that were not tried. One of a family that failed is taken only when no other can do it: what
 * ails a vendor ails all of its models. Undefined when nothing is left.
 */
export function nextChoice(
  candidates: Candidate[],
  { type, input, asked }: Pick<GenerationRow, 'type' | 'input' | 'asked'>,
  tried: Tried[],
  { secondsLeft, mostCredits }: Room,
): Choice | undefined {
  const request = { type, input, priority: asked.priority, options: asked.options };
  const barred: Exclude = ({ candidate: { provider, model }, credits }) => {
    const before = tried.find((one) => one.provider === provider.id && one.model === model.id);
    if (before) return `tried, ${deedOf(before.failure)}`;
    if (model.expectedSeconds > secondsLeft) return 'too little time is left';
    return credits > mostCredits ? 'dearer than what may be held' : undefined;
  };
  const ofTriedFamily: Exclude = ({ candidate: { family } }) =>
    tried.some((one) => one.family === family) ? 'of a vendor that was tried' : undefined;
  return (
    chosen(candidates, request, (fitting) => barred(fitting) ?? ofTriedFamily(fitting)) ??
    chosen(candidates, request, barred)
  );
}

function chosen(...asked: Parameters<typeof choose>): Choice | undefined {
  try {
    return choose(...asked);
  } catch (error) {
    if (error instanceof DoitongError) return undefined;
    throw error;
  }
}
