import { ConfigError } from './load-config.js';

/** Throws ConfigError where one of these, which are for tests and local use, is true with NODE_ENV=production. */
export function neverInProduction<Name extends string>(
  config: Record<Name, boolean> & { NODE_ENV?: string },
  ...names: Name[]
): void {
  const unsafe = names.filter((name) => config[name]);
  if (config.NODE_ENV !== 'production' || unsafe.length === 0) return;
  throw new ConfigError(unsafe.map((name) => `${name} must not be set with NODE_ENV=production`).join('\n'));
}
