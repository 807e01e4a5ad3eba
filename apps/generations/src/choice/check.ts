import {
  type Adjustment,
  DoitongError,
  type GenerateInput,
  invalidInput,
  type ModelManifest,
  type ProviderManifest,
} from '@doitong/contracts';
import type { ErrorObject } from 'ajv';
import { validatorOf } from '../catalogue/option-schema.js';

/** A request as a model will carry it out. */
export interface Checked {
  options: Record<string, unknown>;
  /** A sentence for each option that differs from what was asked for. */
  adjustments: string[];
}

/**
 * Checks a request against one model's inputs and option schema, fills in defaults and applies its adjustments.
 * Throws INVALID_INPUT naming the field and what it may be.
 */
export function checkAgainst(provider: ProviderManifest, model: ModelManifest, request: GenerateInput): Checked {
  checkInputs(provider, model, request);
  checkVoice(provider, model, request.input.voice?.trim());
  const { model: _chosen, ...asked } = request.options ?? {};
  const options = structuredClone(asked);
  const validate = validatorOf(model);
  if (!validate(options)) throw optionError(provider, model, validate.errors![0]!);
  return adjust(options, model.adjustments);
}

function checkInputs(provider: ProviderManifest, model: ModelManifest, { input }: GenerateInput): void {
  for (const name of ['text', 'image', 'audio', 'voice'] as const) {
    const use = model.inputs[name];
    const given = input[name] !== undefined && input[name].trim() !== '';
    if (use === 'required' && !given) {
      throw invalidInput(`input.${name}`, `${provider.id} (${model.id}) needs input.${name}.`);
    }
    if (use === 'unsupported' && given) {
      const taken = Object.entries(model.inputs).filter(([, how]) => how !== 'unsupported');
      throw invalidInput(
        `input.${name}`,
        `${provider.id} (${model.id}) takes no input.${name}.`,
        taken.map(([field]) => field),
      );
    }
  }
  const characters = [...(input.text ?? '')].length;
  if (characters > model.maxCharacters) {
    throw invalidInput(
      'input.text',
      `input.text has ${characters} characters; ${provider.id} (${model.id}) takes at most ${model.maxCharacters}.`,
      { maxCharacters: model.maxCharacters },
    );
  }
}

/** input.voice is another way to give the option `voice`, where a model has that. */
function checkVoice(provider: ProviderManifest, model: ModelManifest, voice: string | undefined): void {
  const schema = (model.options.properties as Record<string, unknown> | undefined)?.voice;
  if (!voice || !schema) return;
  const validate = validatorOf({ options: { type: 'object', properties: { voice: schema } } });
  if (validate({ voice })) return;
  const { allowed } = optionError(provider, model, validate.errors![0]!).body;
  throw invalidInput('input.voice', `${provider.id} (${model.id}) has no voice "${voice}".`, allowed);
}

function optionError(provider: ProviderManifest, model: ModelManifest, error: ErrorObject): DoitongError {
  const properties = (model.options.properties ?? {}) as Record<string, unknown>;
  if (error.keyword === 'additionalProperties') {
    const name = error.params.additionalProperty as string;
    return invalidInput(`options.${name}`, `${provider.id} (${model.id}) has no option "${name}".`, [
      'model',
      ...Object.keys(properties),
    ]);
  }
  if (error.keyword === 'required' || error.keyword === 'dependencies' || error.keyword === 'dependentRequired') {
    const name = error.params.missingProperty as string;
    return invalidInput(
      `options.${name}`,
      `${provider.id} (${model.id}) needs the option "${name}".`,
      properties[name],
    );
  }
  const path = `options${error.instancePath.replaceAll('/', '.')}`;
  const allowed = error.params.allowedValues ?? error.params;
  return invalidInput(path, `${path} ${error.message} for ${provider.id} (${model.id}).`, allowed);
}

function adjust(options: Record<string, unknown>, rules: Adjustment[]): Checked {
  const adjustments: string[] = [];
  for (const { when, set, because } of rules) {
    if (Object.entries(when).every(([name, value]) => options[name] === value)) {
      Object.assign(options, set);
      adjustments.push(because);
    }
  }
  return { options, adjustments };
}
