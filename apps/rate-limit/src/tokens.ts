/** Injection token of this service's configuration. */
export const CONFIG = Symbol('rate-limit config');
