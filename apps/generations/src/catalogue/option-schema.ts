import { type FamilyManifest, invalidInput, type ModelManifest, OptionsSchema } from '@doitong/contracts';
import { Ajv, type ValidateFunction } from 'ajv';
import { linearPattern } from './linear-pattern.js';

const LARGEST_BYTES = 64 * 1024;

const ajv = new Ajv({
  useDefaults: true,
  strict: false,
  strictNumbers: true,
  allErrors: false,
  code: { regExp: linearPattern },
});
const isInDialect = new Ajv({ strict: true, allowUnionTypes: true }).compile(OptionsSchema);
const validators = new Map<string, ValidateFunction>();

/** Validates options against a model's schema and fills in its defaults. Compiled once a schema; throws on one that is none. */
export function validatorOf({ options }: Pick<ModelManifest, 'options'>): ValidateFunction {
  const text = JSON.stringify(options);
  let validate = validators.get(text);
  if (!validate) {
    validate = ajv.compile(options);
    validators.set(text, validate);
  }
  return validate;
}

/** Throws INVALID_INPUT naming the model whose option schema cannot be used: better here than at every request for it. */
export function checkOptionSchemas({ providers }: FamilyManifest): void {
  for (const { id, models } of providers) {
    for (const model of models) {
      const reason = whyUnusable(model);
      if (reason) throw invalidInput('manifest', `${id} (${model.id}): options is no usable JSON Schema: ${reason}`);
    }
  }
}

function whyUnusable({ options }: ModelManifest): string | undefined {
  if (JSON.stringify(options).length > LARGEST_BYTES) return `it is larger than ${LARGEST_BYTES} characters`;
  // Before it is compiled: what is not in the dialect is not looked at any further.
  if (!isInDialect(options)) return new Ajv().errorsText(isInDialect.errors, { dataVar: 'options' });
  try {
    validatorOf({ options });
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
