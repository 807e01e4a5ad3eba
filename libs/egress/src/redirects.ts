import { checkCustomerUrl, type EgressOptions } from './check-url.js';
import type { AnswerHead } from './exchange.js';
import { EgressRefusedError } from './refused.js';

const REDIRECTS = [301, 302, 303, 307, 308];

/** Where an answer sends a GET on to; undefined where it does not. Throws EgressRefusedError for what may not be requested. */
export function redirectOf({ status, headers }: AnswerHead, from: URL, options: EgressOptions): URL | undefined {
  const { location } = headers;
  if (!REDIRECTS.includes(status) || !location) return undefined;
  // Header bytes are handed over as Latin-1. Browsers take them for UTF-8, and so do those who write them.
  const text = Buffer.from(location, 'latin1').toString();
  if (!URL.canParse(text, from.href)) throw refused('url', 'The URL cannot be parsed.');
  try {
    return checkCustomerUrl(new URL(text, from.href).href, options);
  } catch (error) {
    throw error instanceof EgressRefusedError ? refused(error.reason, error.message) : error;
  }
}

const refused = (reason: EgressRefusedError['reason'], why: string) =>
  new EgressRefusedError(reason, `The URL redirects to another that is refused. ${why}`);
