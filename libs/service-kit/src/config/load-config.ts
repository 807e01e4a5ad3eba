import { Ajv } from 'ajv';
import formats from 'ajv-formats';
import type { Static, TObject } from 'typebox';

/** An environment that cannot be used; `message` has one line for each variable at fault. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

const ajv = new Ajv({ allErrors: true, coerceTypes: true, useDefaults: true, verbose: true });
formats.default(ajv);

/**
 * Reads the variables that `schema` names from the environment. An empty variable counts as absent.
 * Throws ConfigError naming each variable that is missing or wrong and what it may be.
 */
export function loadConfig<T extends TObject>(schema: T, env: NodeJS.ProcessEnv = process.env): Static<T> {
  const config: Record<string, unknown> = {};
  for (const name of Object.keys(schema.properties)) {
    if (env[name]) config[name] = env[name];
  }
  const validate = ajv.compile(schema);
  if (validate(config)) return config as Static<T>;
  const lines = (validate.errors ?? []).map((error) => {
    if (error.keyword === 'required') return `${error.params.missingProperty} is not set`;
    const allowed = error.keyword === 'enum' ? `: ${error.params.allowedValues.join(', ')}` : '';
    return `${error.instancePath.slice(1).split('/')[0]} ${error.message}${allowed}`;
  });
  throw new ConfigError([...new Set(lines)].join('\n'));
}
