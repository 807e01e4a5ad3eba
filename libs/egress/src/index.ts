export type { GuardedAnswer } from './answering.js';
export { checkCustomerUrl, type EgressOptions } from './check-url.js';
export { type GuardedRequest, guardedRequest } from './guarded-request.js';
export { EgressRefusedError } from './refused.js';
