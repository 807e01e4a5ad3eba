import { type Costing, costingOf, DoitongError, type GenerateInput } from '@doitong/contracts';
import type { Candidate } from '../catalogue/catalogue.entity.js';
import type { Asked } from './asked.js';
import { type Checked, checkAgainst } from './check.js';

/** A request with a model that can do it, as it will be carried out and what it costs. */
export interface Fitting extends Checked, Costing {
  candidate: Candidate;
}

/** A short phrase why a model that can do the request shall not; undefined when it may. */
export type Exclude = (fitting: Fitting) => string | undefined;

/** What became of a candidate: it takes part, or is out for a reason. */
export interface Considered {
  candidate: Candidate;
  /** Present when it can do the request, whether or not it may. */
  fitting?: Fitting;
  /** Why it cannot do the request. */
  objection?: DoitongError;
  /** Absent when it takes part. */
  excludedBecause?: string;
}

const LONGEST_FIELD = 60;

export function consider(
  { candidate, notes, excludedBecause }: Asked,
  request: GenerateInput,
  exclude: Exclude,
): Considered {
  if (excludedBecause) return { candidate, excludedBecause };
  try {
    const { options, adjustments } = checkAgainst(candidate.provider, candidate.model, request);
    const costing = costingOf(candidate.model, request.input, options);
    const fitting = { candidate, options, adjustments: [...notes, ...adjustments], ...costing };
    return { candidate, fitting, excludedBecause: exclude(fitting) ?? candidate.absence?.because };
  } catch (error) {
    if (!(error instanceof DoitongError)) throw error;
    // Its name may be the caller's own, of any length.
    const field = [...(error.body.field ?? '')].slice(0, LONGEST_FIELD).join('');
    return { candidate, objection: error, excludedBecause: `cannot do the request (${field})` };
  }
}
