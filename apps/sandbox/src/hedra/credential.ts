import type { FastifyRequest } from 'fastify';
import { authorization, fingerprint } from '../http/request.js';
import { unauthorized } from './errors.js';

/** Fingerprint of `<key id>:<secret>`; any will do whose id and secret are not `invalid`. */
export function credentialOf(request: FastifyRequest): string {
  const key = authorization(request, 'Key', 'Bearer');
  const [id, secret] = key?.split(':') ?? [];
  if (!key || !id || !secret || id === 'invalid' || secret === 'invalid') throw unauthorized();
  return fingerprint(key);
}
