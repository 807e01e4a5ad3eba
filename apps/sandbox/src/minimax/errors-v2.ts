import { randomUUID } from 'node:crypto';
import { VendorError } from '../http/vendor-error.js';
import type { Refusals } from '../tasks/admission.js';
import { type BaseResp, baseResp } from './errors.js';

/** HTTP status and type of the codes that V2 shares with V1. */
const kinds: Record<number, [status: number, type: string]> = {
  [baseResp.rateLimited.status_code]: [429, 'rate_limit_error'],
  [baseResp.unauthenticated.status_code]: [401, 'authorized_error'],
  [baseResp.invalidKey.status_code]: [401, 'authorized_error'],
  [baseResp.noBalance.status_code]: [402, 'insufficient_balance_error'],
  [baseResp.internal.status_code]: [500, 'server_error'],
  [baseResp.overloaded.status_code]: [529, 'overloaded_error'],
  [baseResp.inputBlocked.status_code]: [422, 'unprocessable_entity_error'],
};

/** V2 has an HTTP status of its own for each error, and the code of V1 at the end of the text. */
export function errorV2({ status_code, status_msg }: BaseResp): VendorError {
  const [status, type] = kinds[status_code] ?? [400, 'bad_request_error'];
  const error = { type, message: `${status_msg} (${status_code})`, http_code: String(status) };
  return new VendorError(status, { type: 'error', error, request_id: randomUUID() });
}

export const invalidV2 = (why: string) => errorV2({ status_code: 2013, status_msg: `invalid params, ${why}` });

export const refusalsV2 = (): Refusals => ({
  quota: errorV2(baseResp.noBalance),
  'content-rejected': errorV2(baseResp.inputBlocked),
  'server-error': errorV2(baseResp.internal),
  overloaded: errorV2(baseResp.overloaded),
  'rate-limited': errorV2(baseResp.rateLimited),
});
