export * from './adapter.js';
export * from './asking.js';
export * from './catalogue.js';
export * from './errors.js';
export type { Refusal } from './outcomes.js';
export * from './polling.js';
export * from './shape.js';
export * from './vendor-http.js';
