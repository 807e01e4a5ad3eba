export { checkCustomerUrl, checkGivenUrl, type EgressOptions } from './check-url.js';
export { decoded } from './decoded.js';
export { type GuardedRequest, guardedRequest } from './guarded-request.js';
export { guardedStream } from './guarded-stream.js';
export { EgressRefusedError } from './refused.js';
