import { type ModelManifest, priceOf } from '@doitong/contracts';
import type { InputUse, Model, ProviderOption } from './model.type.js';

/** The part of JSON Schema that says what an option is; the rest is for the validator. */
export interface OptionSchema {
  type?: string | string[];
  description?: string;
  enum?: unknown[];
  default?: unknown;
}

const uses: Record<ModelManifest['inputs']['text'], InputUse> = {
  required: 'REQUIRED',
  optional: 'OPTIONAL',
  unsupported: 'UNSUPPORTED',
};

/** A model as its catalogue entry shows it: priced by the defaults of its options. */
export function toModel({ id, name, lifecycle, successor, maxCharacters, ...model }: ModelManifest): Model {
  const { properties = {}, required = [] } = model.options as {
    properties?: Record<string, OptionSchema>;
    required?: string[];
  };
  const defaults = Object.fromEntries(Object.entries(properties).map(([option, schema]) => [option, schema.default]));
  const { text, image, audio, voice } = model.inputs;
  return {
    id,
    name,
    lifecycle,
    successor,
    maxCharacters,
    inputs: { text: uses[text], image: uses[image], audio: uses[audio], voice: uses[voice] },
    pricing: { creditCost: priceOf(model.price, { text: 'typical' }, defaults), estimatedTime: model.expectedSeconds },
    deadline: model.deadlineSeconds,
    options: Object.entries(properties).map(([option, schema]) => toOption(option, schema, required.includes(option))),
    optionsSchema: { ...model.options, properties: { model: { const: id }, ...properties } },
  };
}

export function toOption(name: string, schema: OptionSchema, required: boolean): ProviderOption {
  return {
    name,
    required,
    schema,
    type: [schema.type ?? 'string'].flat().join(' | '),
    description: schema.description,
    allowedValues: schema.enum,
    default: schema.default,
  };
}
