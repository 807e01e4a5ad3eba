import { VendorError } from '../http/vendor-error.js';
import type { Refusals } from '../tasks/admission.js';

export interface BaseResp {
  status_code: number;
  status_msg: string;
}

/** The vendor's own words for its codes; `base_resp` goes with HTTP 200. */
export const baseResp = {
  success: { status_code: 0, status_msg: 'success' },
  rateLimited: { status_code: 1002, status_msg: 'rate limit exceeded(RPM)' },
  unauthenticated: { status_code: 1004, status_msg: 'login fail: Please carry the API secret key' },
  invalidKey: { status_code: 2049, status_msg: 'invalid api key' },
  overloaded: { status_code: 1041, status_msg: 'conn limit' },
  noBalance: { status_code: 1008, status_msg: 'insufficient balance' },
  internal: { status_code: 1013, status_msg: 'unknown error, server internal error' },
  inputBlocked: { status_code: 1026, status_msg: 'input new_sensitive' },
  outputBlocked: { status_code: 1027, status_msg: 'output new_sensitive' },
};

export const minimaxError = (base_resp: BaseResp, extra: object = {}) => new VendorError(200, { ...extra, base_resp });

export const invalidParams = (why: string) =>
  minimaxError({ status_code: 2013, status_msg: `invalid params, ${why}` }, { task_id: '' });

export const refusals: Refusals = {
  quota: minimaxError(baseResp.noBalance, { task_id: '' }),
  'content-rejected': minimaxError(baseResp.inputBlocked, { task_id: '' }),
  'server-error': minimaxError(baseResp.internal, { task_id: '' }),
  overloaded: minimaxError(baseResp.overloaded, { task_id: '' }),
  'rate-limited': minimaxError(baseResp.rateLimited, { task_id: '' }),
};
