import { DoitongError, type GenerateInput, type Routing, type RoutingCandidate } from '@doitong/contracts';
import type { Candidate } from '../catalogue/catalogue.entity.js';
import { askedOf } from './asked.js';
import { type Considered, consider, type Exclude, type Fitting } from './consider.js';
import { withModelNamed } from './named.js';
import { scoresOf } from './score.js';

/** The model that serves a request, and how it stood among the others. */
export interface Choice extends Fitting {
  routing: Routing;
}

interface Scored {
  fitting: Fitting;
  score: number;
}

/** Bounds what is stored and told of a choice. */
const MOST_CANDIDATES = 50;
const UNKNOWN_WAIT_SECONDS = 10;

/**
 * Settles which model serves a request: of the caller's provider the first that can, else the best of all that can.
 * Pure: of the same candidates the same is chosen again. `exclude` is for whoever knows more, such as which models were tried
 * already or what price was promised.
 * Throws INVALID_INPUT (nobody can, with the first objection), PROVIDER_UNAVAILABLE (who can is absent or excluded).
 */
export function choose(candidates: Candidate[], input: GenerateInput, exclude: Exclude = () => undefined): Choice {
  const request = withModelNamed(candidates, input);
  const considered = askedOf(candidates, request).map((asked) => consider(asked, request, exclude));
  const ranked = rank(considered, request);
  const [best] = ranked;
  if (!best) throw refusal(considered, request);
  return { ...best.fitting, routing: routingOf(ranked, considered, request) };
}

/** The models of a provider that was asked for stand in its own order, all others in that of their scores; stable. */
function rank(considered: Considered[], { provider, priority = 'BALANCED' }: GenerateInput): Scored[] {
  const able = considered.flatMap(({ fitting, excludedBecause }) => (fitting && !excludedBecause ? [fitting] : []));
  const scores = scoresOf(able, priority);
  const scored = able.map((fitting, at) => ({ fitting, score: scores[at]! }));
  return provider ? scored : scored.sort((a, b) => b.score - a.score);
}

function routingOf(
  ranked: Scored[],
  considered: Considered[],
  { provider, priority = 'BALANCED' }: GenerateInput,
): Routing {
  const scored = ranked.map(({ fitting, score }) => tell(fitting.candidate, score, null));
  const excluded = considered.flatMap(({ candidate, excludedBecause }) =>
    excludedBecause ? [tell(candidate, null, excludedBecause)] : [],
  );
  return {
    reason: provider ? 'chosen by the caller' : `best ${priority} of ${ranked.length} that can do it`,
    candidates: [...scored, ...excluded].slice(0, MOST_CANDIDATES),
  };
}

function tell({ provider, model }: Candidate, score: number | null, excludedBecause: string | null): RoutingCandidate {
  return { provider: provider.id, model: model.id, score, excludedBecause };
}

/** Of a request that nobody is left for. What the caller can mend comes first. */
function refusal(considered: Considered[], { type, provider = type }: GenerateInput): DoitongError {
  const able = considered.filter(({ fitting }) => fitting);
  const objection = considered.find((one) => one.objection)?.objection;
  if (objection && able.length === 0) return objection;
  const waits = able.map(({ candidate }) => candidate.absence?.retryAfterSeconds ?? UNKNOWN_WAIT_SECONDS);
  const retryAfter = waits.length > 0 ? Math.min(...waits) : UNKNOWN_WAIT_SECONDS;
  const message = `${provider} is not available at the moment. Please try again later.`;
  return new DoitongError('PROVIDER_UNAVAILABLE', message, { retryAfter });
}
