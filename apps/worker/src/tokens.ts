/** Injection tokens of what a worker is configured with. */
export const CONFIG = Symbol('worker config');
export const FAMILY = Symbol('provider family');
