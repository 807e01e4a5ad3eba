import type { VendorErrorKind } from './errors.js';

/**
 * What an ask does. `submit` starts work that is paid, and starts it again on a repeat. `repeatable` has an effect once, however
 * often it is asked. `read` has none.
 */
export type Call = 'submit' | 'repeatable' | 'read';

/**
 * How a body refuses: by the vendor's own code; or in the vendor's error form, without a code that says anything (`by-status`), or with one
 * that we do not know (`unknown-code`), which may be about this one request whatever the status. Undefined: it is in no error form of the
 * vendor's, such as a proxy's page.
 */
export type Refusal = VendorErrorKind | 'by-status' | 'unknown-code' | undefined;

/** `doubtful`: see VendorError. */
export interface Meaning {
  kind: VendorErrorKind;
  doubtful: boolean;
}

/** What an answer refuses, from who says it and what it answers. Undefined: nothing. */
export function meaningOf(call: Call, status: number, refusal: Refusal): Meaning | undefined {
  if (status >= 200 && status < 300 && (refusal === undefined || isByStatus(refusal))) return undefined;
  if (refusal === undefined) return { kind: ofStranger(call, status), doubtful: false };
  const said = isByStatus(refusal) ? ofVendor(status, refusal) : refusal;
  const kind = call !== 'submit' && leavesOpen.has(said) ? 'unavailable' : said;
  if (call === 'read') return ofRead(kind, status);
  return { kind, doubtful: call === 'repeatable' && said === 'server-error' };
}

/** What an answer means that says yes, but not in any way that we know. */
export function ofUnreadable(call: Call): VendorErrorKind {
  return call === 'submit' ? 'submission-unknown' : 'unavailable';
}

/** These leave open whether the vendor took the ask, which matters for a submit only. */
const leavesOpen = new Set<VendorErrorKind>(['submission-unknown', 'server-error']);

const byStatus: Record<number, VendorErrorKind> = {
  400: 'invalid-input',
  401: 'credential',
  402: 'balance',
  // Of the key, or of what it asks for here: RFC 9110 leaves that open.
  403: 'forbidden',
  408: 'submission-unknown',
  413: 'invalid-input',
  415: 'invalid-input',
  422: 'invalid-input',
  429: 'rate-limited',
  499: 'submission-unknown',
  // RFC 9110: the server met a condition that it did not expect. It may have begun before that.
  500: 'server-error',
  501: 'server-error',
  503: 'server-error',
  // Of no RFC. Vendors answer it when they are overloaded, before they begin.
  529: 'unavailable',
};

function isByStatus(refusal: Refusal): refusal is 'by-status' | 'unknown-code' {
  return refusal === 'by-status' || refusal === 'unknown-code';
}

/** What a status means in the vendor's own error form, where its code says nothing. */
function ofVendor(status: number, refusal: 'by-status' | 'unknown-code'): VendorErrorKind {
  const kind = byStatus[status] ?? (status >= 500 ? 'submission-unknown' : 'unavailable');
  return kind === 'credential' && refusal === 'unknown-code' ? 'forbidden' : kind;
}

/**
 * What a status means of somebody between us and the vendor. A refusal was not passed on, and is nobody's verdict on input, key or
 * task. What failed or took too long may have been passed on.
 */
function ofStranger(call: Call, status: number): VendorErrorKind {
  if (status === 429) return 'rate-limited';
  if (status === 413 && call !== 'read') return 'invalid-input';
  const mayHavePassed = status >= 500 || status === 408 || status === 499;
  return mayHavePassed && call === 'submit' ? 'submission-unknown' : 'unavailable';
}

/** A read carries nothing of the customer's: what it finds wrong with what was asked is the task itself. */
function ofRead(kind: VendorErrorKind, status: number): Meaning {
  if (kind === 'invalid-input' || kind === 'failed' || status === 404 || status === 410) {
    return { kind: 'failed', doubtful: true };
  }
  return { kind, doubtful: kind === 'credential' || kind === 'forbidden' || kind === 'balance' };
}

/** Milliseconds of a Retry-After header, given in seconds or as a date. */
export function retryAfterMs(header: string | string[] | undefined, now: number): number | undefined {
  const value = Array.isArray(header) ? header[0] : header;
  if (!value) return undefined;
  const ms = /^\d+(\.\d+)?$/.test(value) ? Number(value) * 1000 : Date.parse(value) - now;
  return Number.isNaN(ms) ? undefined : Math.max(0, Math.round(ms));
}
