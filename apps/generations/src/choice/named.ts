import { type GenerateInput, invalidInput, type ProviderManifest } from '@doitong/contracts';
import type { Candidate } from '../catalogue/catalogue.entity.js';
import { productLines } from '../catalogue/product-lines.js';

/** Whether a caller's word means this provider: its id or an alias, however written. */
export function isNamed({ id, aliases }: Pick<ProviderManifest, 'id' | 'aliases'>, name: string): boolean {
  const wanted = name.toLowerCase();
  return id === wanted || aliases.includes(wanted);
}

/** Whether a provider that nobody has announced is one of the product's. */
export function isProductLine(type: GenerateInput['type'], name: string): boolean {
  return productLines.some((line) => line.type === type && isNamed(line, name));
}

/**
 * The request with what its `model` means, a provider or a model of one, in `provider` and `options.model`.
 * INVALID_INPUT naming `model` and what there is, when it means nothing or not the provider or model that are named beside it.
 */
export function withModelNamed(candidates: Candidate[], { model: name, ...request }: GenerateInput): GenerateInput {
  if (name === undefined) return request;
  const { type, options } = request;
  const among = candidates.filter(({ provider }) => !request.provider || isNamed(provider, request.provider));
  const line = among.find(({ provider }) => isNamed(provider, name))?.provider.id;
  if (line) return { ...request, provider: line };
  if (candidates.length === 0 || (!request.provider && isProductLine(type, name))) {
    return { ...request, provider: name };
  }
  const found = among.find(({ model }) => model.id.toLowerCase() === name.toLowerCase());
  if (found && (options?.model === undefined || options.model === name)) {
    return { ...request, provider: found.provider.id, options: { ...options, model: found.model.id } };
  }
  const known = new Set(among.flatMap(({ provider, model }) => [provider.id, model.id]));
  throw invalidInput('model', `There is no ${type} provider or model "${name}".`, [...known]);
}
