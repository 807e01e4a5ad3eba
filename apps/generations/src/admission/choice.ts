import { DoitongError, type GenerateInput, invalidInput, type Priority, priceOf } from '@doitong/contracts';
import type { Candidate } from '../catalogue/catalogue.entity.js';
import { type Checked, checkAgainst } from './check.js';
import { isNamed, isProductLine, withModelNamed } from './named.js';

/** A request with the model that serves it, as it will be carried out and what it costs. */
export interface Choice extends Checked {
  candidate: Candidate;
  credits: number;
  reason: string;
}

/**
 * Settles which model serves a request: the caller's provider and model, or the best of all that can.
 * Throws INVALID_INPUT (nobody can, with the first objection), PROVIDER_UNAVAILABLE (who can is not there).
 */
export function choose(candidates: Candidate[], asked: GenerateInput): Choice {
  const request = withModelNamed(candidates, asked);
  return request.provider ? chooseWithin(candidates, request, request.provider) : chooseFreely(candidates, request);
}

function chooseWithin(candidates: Candidate[], request: GenerateInput, name: string): Choice {
  if (candidates.length === 0) throw unavailable(name);
  const own = candidates.filter(({ provider }) => isNamed(provider, name));
  if (own.length === 0) {
    if (isProductLine(request.type, name)) throw unavailable(name);
    const known = [...new Set(candidates.map(({ provider }) => provider.id))];
    throw invalidInput('provider', `There is no ${request.type} provider "${name}".`, known);
  }
  const asked = askedFor(own, request.options?.model);
  const notes = new Map<Candidate, string[]>();
  for (const one of asked) {
    const [serving, note] = servedBy(own, one);
    if (!notes.has(serving)) notes.set(serving, note);
  }
  const [first] = fit([...notes.keys()], request);
  if (!first.candidate.available) throw unavailable(name);
  const adjustments = [...(notes.get(first.candidate) ?? []), ...first.adjustments];
  return { ...first, adjustments, reason: 'chosen by the caller' };
}

/** The model that was asked for by id, or all of the provider's in its order. */
function askedFor(own: Candidate[], asked: unknown): Candidate[] {
  if (asked === undefined) return own;
  const byId = own.filter(({ model }) => typeof asked === 'string' && model.id.toLowerCase() === asked.toLowerCase());
  if (byId.length > 0) return byId;
  const { id, models } = own[0]!.provider;
  throw invalidInput(
    'options.model',
    `${id} has no model "${asked}".`,
    models.map((model) => model.id),
  );
}

/** A retired model is served by its successor, or by whatever serves that one where it is retired too; which is told. */
function servedBy(own: Candidate[], candidate: Candidate): [Candidate, string[]] {
  let serving = candidate;
  for (const _ of own) {
    const { lifecycle, successor } = serving.model;
    const heir = own.find(({ model }) => model.id === successor);
    if (lifecycle !== 'RETIRED' || !heir) break;
    serving = heir;
  }
  if (serving === candidate) return [candidate, []];
  return [serving, [`${candidate.model.name} is retired by its vendor; ${serving.model.name} serves in its place.`]];
}

function chooseFreely(candidates: Candidate[], request: GenerateInput): Choice {
  const { model: asked } = request.options ?? {};
  if (asked !== undefined) throw invalidInput('options.model', 'options.model needs a provider.');
  const open = candidates.filter(({ model }) => model.lifecycle === 'ACTIVE');
  if (open.length === 0) throw unavailable(request.type);
  const able = fit(open, request).filter(({ candidate }) => candidate.available);
  if (able.length === 0) throw unavailable(request.type);
  const priority = request.priority ?? 'BALANCED';
  const dearest = Math.max(...able.map(({ credits }) => credits), 1);
  const scored = able.map((one) => ({ ...one, score: score(one, priority, dearest) }));
  const best = scored.reduce((a, b) => (b.score > a.score ? b : a));
  return { ...best, reason: `best ${priority} of ${able.length} that can do it` };
}

const weights: Record<Priority, { quality: number; speed: number; cost: number }> = {
  QUALITY: { quality: 1, speed: 0, cost: 0 },
  SPEED: { quality: 0, speed: 1, cost: 0 },
  COST: { quality: 0, speed: 0, cost: 1 },
  BALANCED: { quality: 1, speed: 1, cost: 1 },
};

/** Higher is better; each part runs from 0 to 100. */
function score({ candidate: { model }, credits }: Omit<Choice, 'reason'>, priority: Priority, dearest: number): number {
  const { quality, speed, cost } = weights[priority];
  return quality * model.qualityRank + speed * model.speedRank + cost * 100 * (1 - credits / dearest);
}

type Fitting = Omit<Choice, 'reason'>;

/** Those candidates that can do the request, in order. Throws the first objection when none can. */
function fit(candidates: Candidate[], request: GenerateInput): [Fitting, ...Fitting[]] {
  const fitting: Fitting[] = [];
  let objection: unknown;
  for (const candidate of candidates) {
    try {
      const checked = checkAgainst(candidate.provider, candidate.model, request);
      const credits = priceOf(candidate.model.price, request.input, checked.options);
      fitting.push({ candidate, credits, ...checked });
    } catch (error) {
      objection ??= error;
    }
  }
  const [first, ...rest] = fitting;
  if (!first) throw objection;
  return [first, ...rest];
}

function unavailable(what: string): DoitongError {
  return new DoitongError('PROVIDER_UNAVAILABLE', `${what} is not available at the moment. Please try again later.`, {
    retryAfter: 10,
  });
}
