import { isIP } from 'node:net';
import { kindOfAddress } from './addresses.js';
import { EgressRefusedError } from './refused.js';

export interface EgressOptions {
  /** Plain http too. Default: https only. */
  allowHttp?: boolean;
  /** This very machine, on any port; for tests and local use. */
  allowLoopback?: boolean;
  /** Default: 80, 443, 8080, 8443. */
  ports?: number[] | 'any';
  /** The operator's own places, such as the sandbox: reached by http and at whatever address they have. */
  trusts?: (url: URL) => boolean;
}

const defaultPorts = [80, 443, 8080, 8443];

/**
 * Checks what can be told from the text of a URL alone; where a name leads is looked up and checked at each request. Throws
 * EgressRefusedError.
 */
export function checkCustomerUrl(text: string, options: EgressOptions = {}): URL {
  const { allowHttp = false, allowLoopback = false, ports = defaultPorts } = options;
  if (!URL.canParse(text)) throw new EgressRefusedError('url', 'The URL cannot be parsed.');
  const url = new URL(text);
  if (isTrusted(url, options)) return url;
  if (url.protocol !== 'https:' && !(allowHttp && url.protocol === 'http:')) {
    const allowed = allowHttp ? 'http:// or https://' : 'https://';
    throw new EgressRefusedError('scheme', `The URL must begin with ${allowed}.`);
  }
  if (url.username || url.password) {
    throw new EgressRefusedError('credentials', 'The URL must not hold a user name or password.');
  }
  const kind = kindOfHost(url.hostname);
  if (kind === 'loopback' && allowLoopback) return url;
  const port = Number(url.port || (url.protocol === 'https:' ? 443 : 80));
  if (ports !== 'any' && !ports.includes(port)) {
    throw new EgressRefusedError('port', `The URL must use one of the ports ${ports.join(', ')}.`);
  }
  if (kind === 'loopback' || kind === 'refused') throw refusedAddress();
  return url;
}

/** Over http or https; another scheme is nobody's place. */
export function isTrusted(url: URL, { trusts }: EgressOptions): boolean {
  return /^https?:$/.test(url.protocol) && trusts?.(url) === true;
}

/** The parser drops line breaks, tabs and what is around a URL without a word, and writes other blanks in another way. */
const BLANK_OR_CONTROL = /[\s\p{Cc}]/u;

/** The same for a URL that is to be kept: it must be written as it will be requested and shown. */
export function checkGivenUrl(text: string, options: EgressOptions = {}): URL {
  if (BLANK_OR_CONTROL.test(text)) {
    throw new EgressRefusedError('url', 'The URL must not hold blanks, line breaks or other control characters.');
  }
  return checkCustomerUrl(text, options);
}

/** Says nothing of the address: who asks must not learn what our own resolver answers. */
export function refusedAddress(): EgressRefusedError {
  return new EgressRefusedError('address', 'The URL does not lead to a public address.');
}

/** The URL parser has brought every way to write an address (decimal, octal, hexadecimal, full-width digits) to its usual form. */
function kindOfHost(hostname: string) {
  const host = hostname.replace(/^\[|\]$/g, '');
  if (isIP(host)) return kindOfAddress(host);
  return /^(.+\.)?localhost\.?$/.test(host) ? 'loopback' : 'name';
}
