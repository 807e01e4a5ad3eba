import type { FastifyRequest } from 'fastify';
import { fingerprint } from '../http/request.js';
import { elevenlabsError, invalidKey, missingKey } from './errors.js';

/** Fingerprint of the key; any will do but `invalid`. */
export function credentialOf(request: FastifyRequest): string {
  const key = request.headers['xi-api-key'];
  if (typeof key !== 'string' || !key) throw elevenlabsError(missingKey);
  if (key === 'invalid') throw elevenlabsError(invalidKey);
  return fingerprint(key);
}
