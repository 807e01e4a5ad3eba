import type { FastifyRequest } from 'fastify';
import { authorization, fingerprint } from '../http/request.js';
import { baseResp, minimaxError } from './errors.js';

/** Fingerprint of the bearer key; any will do but `invalid`. */
export function credentialOf(request: FastifyRequest): string {
  const key = authorization(request, 'Bearer');
  if (!key) throw minimaxError(baseResp.unauthenticated);
  if (key === 'invalid') throw minimaxError(baseResp.invalidKey);
  return fingerprint(key);
}
