import { Ajv, type ErrorObject } from 'ajv';
import formats from 'ajv-formats';
import type { Static, TSchema } from 'typebox';

const ajv = new Ajv({ strict: true, allowUnionTypes: true });
formats.default(ajv, { mode: 'fast' });

/** What was wrong with a message, naming the place. */
class MessageInvalid extends Error {
  override readonly name = 'MessageInvalid';
  constructor(subject: string, errors: ErrorObject[] | null | undefined) {
    super(`${subject}: ${ajv.errorsText(errors, { dataVar: 'message' })}`);
  }
}

const validators = new WeakMap<TSchema, ReturnType<typeof ajv.compile>>();

/** Returns `value` as the type of `schema`, or throws MessageInvalid. Compiled once a schema. */
export function parseMessage<T extends TSchema>(subject: string, schema: T, value: unknown): Static<T> {
  let validate = validators.get(schema);
  if (!validate) {
    validate = ajv.compile(schema);
    validators.set(schema, validate);
  }
  if (!validate(value)) throw new MessageInvalid(subject, validate.errors);
  return value as Static<T>;
}
