import { type GenerateInput, invalidInput } from '@doitong/contracts';
import type { Candidate } from '../catalogue/catalogue.entity.js';
import { isNamed, isProductLine } from './named.js';

/** A candidate as the request speaks of it. */
export interface Asked {
  candidate: Candidate;
  /** Sentences for `metadata.adjustments`. */
  notes: string[];
  /** Why the request does not mean it; absent when it does. */
  excludedBecause?: string;
}

/**
 * Which candidates a request may mean: those of the provider and model that it names, or all that vendors still stand behind.
 * None when nobody has announced any, or not the provider that is named.
 */
export function askedOf(candidates: Candidate[], request: GenerateInput): Asked[] {
  return request.provider ? namedBy(candidates, request, request.provider) : anyOf(candidates, request);
}

function anyOf(candidates: Candidate[], { options }: GenerateInput): Asked[] {
  if (options?.model !== undefined) throw invalidInput('options.model', 'options.model needs a provider.');
  return candidates.map((candidate) => {
    const { lifecycle } = candidate.model;
    return { candidate, notes: [], excludedBecause: lifecycle === 'ACTIVE' ? undefined : lifecycle.toLowerCase() };
  });
}

function namedBy(candidates: Candidate[], { type, options }: GenerateInput, name: string): Asked[] {
  if (candidates.length === 0) return [];
  const own = candidates.filter(({ provider }) => isNamed(provider, name));
  if (own.length === 0) {
    if (isProductLine(type, name)) return [];
    const known = [...new Set(candidates.map(({ provider }) => provider.id))];
    throw invalidInput('provider', `There is no ${type} provider "${name}".`, known);
  }
  const meant = new Map<Candidate, string[]>();
  for (const asked of ofModel(own, options?.model)) {
    const [serving, notes] = servedBy(own, asked);
    if (!meant.has(serving)) meant.set(serving, notes);
  }
  return own.map((candidate) => {
    const notes = meant.get(candidate);
    return notes ? { candidate, notes } : { candidate, notes: [], excludedBecause: 'not asked for' };
  });
}

/** The model that was asked for by id, or all of the provider's in its order. */
function ofModel(own: Candidate[], asked: unknown): Candidate[] {
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
