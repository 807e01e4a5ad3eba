export { checkCustomerUrl, checkGivenUrl, type EgressOptions } from './check-url.js';
export { decoded } from './decoded.js';
export { AnswerTooLongError, type GuardedAnswer } from './exchange.js';
export { type GuardedRequest, guardedRequest } from './guarded-request.js';
export { EgressRefusedError } from './refused.js';
