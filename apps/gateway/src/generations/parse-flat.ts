import { type ContentType, DoitongError, type GenerateInput, invalidInput } from '@doitong/contracts';
import type { FlatInput } from './flat.input.js';
import type { GenerationInput } from './generate.input.js';
import { optionsOf, parseGenerate } from './parse-generate.js';

/** The fields of a flat input that are no options: what each of them is in `GenerationInput`. */
const inputs: Partial<Record<string, keyof GenerationInput>> = {
  prompt: 'text',
  text: 'text',
  image: 'image',
  audio: 'audio',
  voice: 'voice',
};

/** A flat input in the form of the contracts, or INVALID_INPUT. What is null or absent is not sent. */
export function parseFlat(
  type: ContentType,
  { model, priority, options: others, webhookUrl, ...flat }: FlatInput,
): GenerateInput {
  const input: GenerationInput = {};
  const options = optionsOf(others ?? {});
  for (const [name, value] of Object.entries(flat)) {
    const inputName = inputs[name];
    if (value == null) continue;
    if (inputName) input[inputName] = value as string;
    else if (Object.hasOwn(options, name)) throw invalidInput(name, `\`${name}\` is in \`options\` too. Give it once.`);
    else options[name] = value;
  }
  return parseGenerate({ type, model, priority, webhookUrl, input, options });
}

/** The failure, telling of the fields of a flat input by the names that they have there. */
export function toldFlat(failure: unknown, type: ContentType, flat: FlatInput): unknown {
  if (!(failure instanceof DoitongError)) return failure;
  const { field = '', message } = failure.body;
  const name = nameOf(field, type, flat);
  return name ? DoitongError.from({ ...failure.body, field: name, message: message.replaceAll(field, name) }) : failure;
}

function nameOf(field: string, type: ContentType, flat: FlatInput): string | undefined {
  const [place, name = ''] = field.split('.');
  if (field === 'input.text') return type === 'VIDEO' || type === 'IMAGE' ? 'prompt' : 'text';
  if (place === 'input') return name;
  const isField = Object.hasOwn(flat, name) && flat[name as keyof FlatInput] !== null;
  return place === 'options' && isField ? name : undefined;
}
