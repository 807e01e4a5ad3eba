import { Ajv, type ErrorObject } from 'ajv';
import type { TSchema } from 'typebox';

/** What is wrong with one field. */
export interface Issue {
  /** As `input.aspect_ratio`; empty for the body itself. */
  field: string;
  message: string;
  /** The JSON Schema keyword that it offends. */
  reason: string;
  allowed?: unknown[];
}

const ajv = new Ajv({ allErrors: true, useDefaults: true });

/** A check of bodies against `schema`, which fills in defaults. */
export function checker(schema: TSchema): (body: unknown) => Issue[] {
  const validate = ajv.compile(schema);
  return (body) => (validate(body) ? [] : (validate.errors ?? []).map(issueOf));
}

function issueOf({ instancePath, keyword, params, message = 'is not allowed' }: ErrorObject): Issue {
  const child = params.missingProperty ?? params.additionalProperty;
  const path = instancePath.split('/').slice(1);
  return {
    field: [...path, ...(child ? [child] : [])].join('.'),
    message,
    reason: keyword,
    ...(keyword === 'enum' ? { allowed: params.allowedValues } : {}),
  };
}
