/** Injection token of this service's configuration. */
export const CONFIG = Symbol('webhook-dispatcher config');
