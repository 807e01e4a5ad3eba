export * from './adapter.js';
export * from './catalogue.js';
export * from './errors.js';
export * from './polling.js';
export * from './vendor-http.js';
