export { checkCustomerUrl, type EgressOptions } from './check-url.js';
export { type GuardedAnswer, type GuardedRequest, guardedRequest } from './guarded-request.js';
export { EgressRefusedError } from './refused.js';
