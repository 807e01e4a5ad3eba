export const CONFIG = Symbol('sandbox config');
export const RENDERER = Symbol('renderer');
