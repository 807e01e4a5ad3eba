import type { GenerationInput, ModelManifest } from '@doitong/contracts';
import { Ajv } from 'ajv';
import type { ProviderFamily, VendorRequest } from '../adapter.js';

export interface Asked {
  provider: string;
  /** Default: the provider's first that is not retired. */
  model?: string;
  input: GenerationInput;
  options?: Record<string, unknown>;
}

/** A new attempt's request, with the options as the platform makes them effective. Throws when the schema refuses them. */
export function requestOf(
  family: ProviderFamily,
  { provider: id, model: modelId, input, options }: Asked,
): VendorRequest {
  const provider = family.manifest.providers.find((one) => one.id === id);
  const isWanted = (one: ModelManifest) => (modelId ? one.id === modelId : one.lifecycle !== 'RETIRED');
  const model = provider?.models.find(isWanted);
  if (!provider || !model) throw new Error(`no model ${modelId ?? ''} of ${id}`);
  attempts += 1;
  return {
    attemptId: `att_${attempts.toString(16).padStart(8, '0')}${runId}`,
    type: provider.type,
    provider: id,
    model: model.id,
    input,
    options: effectiveOptions(model, options),
  };
}

/** Defaults filled in and adjustments applied. */
export function effectiveOptions(model: ModelManifest, asked: Record<string, unknown> = {}): Record<string, unknown> {
  const options = { ...asked };
  const validate = new Ajv({ strict: true, useDefaults: true }).compile(model.options);
  if (!validate(options)) throw new Error(JSON.stringify(validate.errors));
  for (const { when, set } of model.adjustments) {
    if (Object.entries(when).every(([name, value]) => options[name] === value)) Object.assign(options, set);
  }
  return options;
}

/** Attempts of one run are told from those of another that used the same vendor. */
const runId = Math.random().toString(16).slice(2).padEnd(24, '0').slice(0, 24);
let attempts = 0;
