import type { VendorErrorKind } from './errors.js';

const byStatus: Record<number, VendorErrorKind> = {
  400: 'invalid-input',
  401: 'credential',
  402: 'balance',
  403: 'credential',
  413: 'invalid-input',
  415: 'invalid-input',
  422: 'invalid-input',
  429: 'rate-limited',
};

/** Server errors that the vendor itself answers with. Others come from a gateway, which may have passed the request on. */
const vendorsOwn = new Set([500, 501, 503, 529]);

/** What an HTTP status means where the vendor's own code says nothing. */
export function kindOfStatus(status: number): VendorErrorKind {
  if (status >= 500 && !vendorsOwn.has(status)) return 'submission-unknown';
  return byStatus[status] ?? 'unavailable';
}

/** A GET carries nothing of the customer's and starts nothing: what it finds wrong is the task itself. */
export function kindOfRead(kind: VendorErrorKind, status: number): VendorErrorKind {
  if (kind === 'submission-unknown') return 'unavailable';
  if (kind === 'invalid-input' || status === 404 || status === 410) return 'failed';
  return kind;
}

/** Milliseconds of a Retry-After header, given in seconds or as a date. */
export function retryAfterMs(header: string | string[] | undefined, now: number): number | undefined {
  const value = Array.isArray(header) ? header[0] : header;
  if (!value) return undefined;
  const ms = /^\d+(\.\d+)?$/.test(value) ? Number(value) * 1000 : Date.parse(value) - now;
  return Number.isNaN(ms) ? undefined : Math.max(0, Math.round(ms));
}
