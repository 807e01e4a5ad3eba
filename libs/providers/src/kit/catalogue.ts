import {
  type AttemptJob,
  type FamilyManifest,
  type ModelManifest,
  type ProviderManifest,
  priceOf,
} from '@doitong/contracts';
import { VendorError } from './errors.js';

/** One vendor model: what the catalogue tells of it, and beside it what the adapter must know to ask for it. */
export type Model<Wire> = ModelManifest & { wire: Wire };
export type Provider<Wire> = Omit<ProviderManifest, 'models'> & { models: Model<Wire>[] };

export function familyManifest(family: string, providers: Provider<unknown>[]): FamilyManifest {
  return {
    family,
    providers: providers.map((provider) => ({
      ...provider,
      models: provider.models.map(({ wire: _, ...manifest }) => manifest),
    })),
  };
}

/** Throws VendorError `unavailable` for a model that this build does not know, such as one of a newer catalogue. */
export function wireOf<Wire>(
  providers: Provider<Wire>[],
  { provider, model }: { provider: string; model: string },
): Wire {
  const found = providers.find(({ id }) => id === provider)?.models.find(({ id }) => id === model);
  if (!found) throw new VendorError('unavailable', `${provider} has no model ${model}`);
  return found.wire;
}

/** What the vendor charges for an attempt that it makes, in micro-USD; undefined where the manifest does not know. */
export function listCost(
  { providers }: FamilyManifest,
  { provider, model, input, options }: Pick<AttemptJob, 'provider' | 'model' | 'input' | 'options'>,
): number | undefined {
  const models = providers.find(({ id }) => id === provider)?.models;
  const price = models?.find(({ id }) => id === model)?.vendorPrice;
  return price && priceOf(price, input, options);
}

/** The JSON Schema of a model's options. */
export function optionsSchema(properties: Record<string, { description: string; [keyword: string]: unknown }>) {
  return { type: 'object', additionalProperties: false, properties };
}
