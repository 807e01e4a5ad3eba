import { type FamilyManifest, invalidInput, type ModelManifest } from '@doitong/contracts';
import { Ajv, type ValidateFunction } from 'ajv';
import formats from 'ajv-formats';

const ajv = new Ajv({ useDefaults: true, strict: false, strictNumbers: true, allErrors: false });
formats.default(ajv);
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
      try {
        validatorOf(model);
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        throw invalidInput('manifest', `${id} (${model.id}): options is no usable JSON Schema: ${reason}`);
      }
    }
  }
}
