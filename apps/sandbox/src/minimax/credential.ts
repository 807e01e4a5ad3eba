import type { FastifyRequest } from 'fastify';
import { authorization, fingerprint } from '../http/request.js';
import type { VendorError } from '../http/vendor-error.js';
import { type BaseResp, baseResp, minimaxError } from './errors.js';

/** Fingerprint of the bearer key; any will do but `invalid`. `refuse` words the refusal. */
export function credentialOf(request: FastifyRequest, refuse: (why: BaseResp) => VendorError = minimaxError): string {
  const key = authorization(request, 'Bearer');
  if (!key) throw refuse(baseResp.unauthenticated);
  if (key === 'invalid') throw refuse(baseResp.invalidKey);
  return fingerprint(key);
}
