import { type GenerateInput as Accepted, type generations, invalidInput, type RequestOf } from '@doitong/contracts';
import type { GenerateInput } from './generate.input.js';
import { withoutNulls } from './without-nulls.js';

/** Printable ASCII: what is sent otherwise, clients and proxies write in different ways. */
const IDEMPOTENCY_KEY = /^[\x20-\x7e]{1,255}$/;
/** Bytes of JSON; a message to another service must stay well below the largest that the bus carries, 1 MB. */
const LARGEST_INPUT = 512 * 1024;

/**
 * `generate`'s argument in the form of the contracts, or INVALID_INPUT. Looks only at what every generation has in common;
 * what a provider takes, its catalogue entry decides.
 */
export function parseGenerate({ input, options, ...asked }: GenerateInput & { model?: string | null }): Accepted {
  const parsed = {
    ...withoutNulls(asked),
    type: asked.type,
    input: withoutNulls(input),
    ...(options == null ? {} : { options: optionsOf(options) }),
  };
  if (Buffer.byteLength(JSON.stringify(parsed)) > LARGEST_INPUT) {
    throw invalidInput('input', `Text and options together may take ${LARGEST_INPUT / 1024} kB at most.`);
  }
  return parsed;
}

/** A request is named by its key and the response name of its field: one document may hold several. */
export function parseIdempotency(
  key: string | string[] | undefined,
  scope: string | number,
): RequestOf<typeof generations.create>['idempotency'] {
  if (key === undefined) return undefined;
  if (typeof key !== 'string' || !IDEMPOTENCY_KEY.test(key)) {
    throw invalidInput('Idempotency-Key', 'Idempotency-Key must have 1 to 255 printable ASCII characters.');
  }
  return { key, scope: String(scope) };
}

/** A copy of them, or INVALID_INPUT. */
export function optionsOf(options: unknown): Record<string, unknown> {
  if (typeof options === 'object' && options !== null && !Array.isArray(options)) return { ...options };
  throw invalidInput('options', '`options` must be a JSON object.');
}
