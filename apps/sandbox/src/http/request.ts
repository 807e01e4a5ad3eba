import { createHash } from 'node:crypto';
import type { FastifyRequest } from 'fastify';

/** How the sandbox tells credentials apart without keeping them. */
export function fingerprint(credential: string): string {
  return `sha256:${createHash('sha256').update(credential).digest('hex').slice(0, 16)}`;
}

/** The credential of `Authorization: <scheme> …`; undefined without it. */
export function authorization(request: FastifyRequest, ...schemes: string[]): string | undefined {
  const [scheme, credential] = request.headers.authorization?.split(/\s+/, 2) ?? [];
  const known = schemes.some((name) => name.toLowerCase() === scheme?.toLowerCase());
  return known && credential ? credential : undefined;
}
