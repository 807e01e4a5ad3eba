/** Injection token of the asset store: it is an interface. */
export const ASSET_STORE = Symbol('asset store');
