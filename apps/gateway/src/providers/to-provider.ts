import { type generations, type ModelManifest, priceOf, type ReplyOf } from '@doitong/contracts';
import type { Provider, ProviderOption } from './provider.type.js';

type Contracted = ReplyOf<typeof generations.providers>['providers'][number];

/** The part of JSON Schema that says what an option is; the rest is for the validator. */
interface OptionSchema {
  type?: string | string[];
  description?: string;
  enum?: unknown[];
  default?: unknown;
}

/** A provider as its catalogue entry shows it: priced and described by its default model. */
export function toProvider({
  id,
  name,
  description,
  type,
  available,
  features,
  limitations,
  models,
}: Contracted): Provider {
  const model = models.find(({ lifecycle }) => lifecycle === 'ACTIVE') ?? models[0]!;
  const options = optionsOf(model);
  const defaults = Object.fromEntries(options.map((option) => [option.name, option.default]));
  return {
    id,
    name,
    description,
    type,
    available,
    features,
    limitations,
    pricing: { creditCost: priceOf(model.price, { text: 'typical' }, defaults), estimatedTime: model.expectedSeconds },
    options: [modelOption(models, model), ...options],
  };
}

function optionsOf({ options }: ModelManifest): ProviderOption[] {
  const { properties = {}, required = [] } = options as {
    properties?: Record<string, OptionSchema>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    type: [schema.type ?? 'string'].flat().join(' | '),
    required: required.includes(name),
    description: schema.description,
    allowedValues: schema.enum,
    default: schema.default,
  }));
}

function modelOption(models: ModelManifest[], byDefault: ModelManifest): ProviderOption {
  return {
    name: 'model',
    type: 'string',
    required: false,
    description: `Which model: ${models.map(({ id, name }) => `${id} (${name})`).join(', ')}.`,
    allowedValues: models.map(({ id }) => id),
    default: byDefault.id,
  };
}
