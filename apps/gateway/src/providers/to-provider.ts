import type { generations, ReplyOf } from '@doitong/contracts';
import type { Model, ProviderOption } from './model.type.js';
import type { Provider } from './provider.type.js';
import { toModel, toOption } from './to-model.js';

type Contracted = ReplyOf<typeof generations.providers>['providers'][number];

/** A provider as its catalogue entry shows it: priced and described by its default model. */
export function toProvider({ models: manifests, ...provider }: Contracted): Provider {
  const models = manifests.map(toModel);
  const byDefault = models.find(({ lifecycle }) => lifecycle === 'ACTIVE') ?? models[0]!;
  return {
    ...provider,
    models,
    pricing: byDefault.pricing,
    options: [modelOption(models, byDefault), ...byDefault.options],
  };
}

function modelOption(models: Model[], byDefault: Model): ProviderOption {
  const schema = {
    type: 'string',
    enum: models.map(({ id }) => id),
    default: byDefault.id,
    description: `Which model: ${models.map(({ id, name }) => `${id} (${name})`).join(', ')}.`,
  };
  return toOption('model', schema, false);
}
