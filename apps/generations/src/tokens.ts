/** Injection token of this service's configuration. */
export const CONFIG = Symbol('generations config');
