import { createHash } from 'node:crypto';
import type { FastifyRequest } from 'fastify';

/** How the sandbox tells credentials, or bodies, apart without keeping them. */
export function fingerprint(text: string): string {
  return `sha256:${createHash('sha256').update(text).digest('hex').slice(0, 16)}`;
}

/** A header that is there once. */
export function headerOf(request: FastifyRequest, name: string): string | undefined {
  const value = request.headers[name];
  return typeof value === 'string' && value ? value : undefined;
}

/** The credential of `Authorization: <scheme> …`; undefined without it. */
export function authorization(request: FastifyRequest, ...schemes: string[]): string | undefined {
  const [scheme, credential] = request.headers.authorization?.split(/\s+/, 2) ?? [];
  const known = schemes.some((name) => name.toLowerCase() === scheme?.toLowerCase());
  return known && credential ? credential : undefined;
}
