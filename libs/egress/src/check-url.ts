import { isIP } from 'node:net';
import { kindOfAddress } from './addresses.js';
import { EgressRefusedError } from './refused.js';

export interface EgressOptions {
  /** Plain http too. Default: https only. */
  allowHttp?: boolean;
  /** This very machine, on any port; for tests and local use. */
  allowLoopback?: boolean;
  /** Default: 80, 443, 8080, 8443. */
  ports?: number[];
}

const DEFAULT_PORTS = [80, 443, 8080, 8443];

/** Checks what can be told from the text of a URL alone. Throws EgressRefusedError. */
export function checkCustomerUrl(text: string, options: EgressOptions = {}): URL {
  if (!URL.canParse(text)) throw new EgressRefusedError('url', 'The URL cannot be parsed.');
  const url = new URL(text);
  if (url.protocol !== 'https:' && !(options.allowHttp && url.protocol === 'http:')) {
    throw new EgressRefusedError(
      'scheme',
      `The URL must begin with ${options.allowHttp ? 'http:// or https://' : 'https://'}.`,
    );
  }
  if (url.username || url.password)
    throw new EgressRefusedError('credentials', 'The URL must not hold a user name or password.');
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const loopback = isLoopbackName(host) || kindOfAddress(host) === 'loopback';
  if (loopback && options.allowLoopback) return url;
  const port = Number(url.port || (url.protocol === 'https:' ? 443 : 80));
  const ports = options.ports ?? DEFAULT_PORTS;
  if (!ports.includes(port))
    throw new EgressRefusedError('port', `The URL must use one of the ports ${ports.join(', ')}.`);
  if (loopback || (isIP(host) && kindOfAddress(host) !== 'public')) throw refusedAddress();
  return url;
}

/** Says nothing of the address: who asks must not learn what our own resolver answers. */
export function refusedAddress(): EgressRefusedError {
  return new EgressRefusedError('address', 'The URL does not lead to a public address.');
}

function isLoopbackName(host: string): boolean {
  return /^(.+\.)?localhost\.?$/i.test(host);
}
