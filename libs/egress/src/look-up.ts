import { BADNAME, NODATA, NOTFOUND } from 'node:dns';
import { lookup, Resolver } from 'node:dns/promises';
import { isIP } from 'node:net';
import { kindOfAddress } from './addresses.js';
import { type EgressOptions, isTrusted, refusedAddress } from './check-url.js';
import type { Address } from './connections.js';
import { EgressRefusedError } from './refused.js';

/** Asks the name servers directly: `getaddrinfo` would have a slow one hold up the few threads that all look-ups share. */
const resolver = new Resolver({ timeout: 2_000, tries: 2 });

export type Resolve = (host: string) => Promise<Address[]>;

/** The addresses of a URL's host, all of which may be connected to; EgressRefusedError otherwise. An address is its own. */
export async function checkedAddresses(
  url: URL,
  options: EgressOptions,
  resolve: Resolve = resolveAll,
): Promise<Address[]> {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const { allowLoopback } = options;
  const family = isIP(host);
  // As the system finds it: it knows names that no name server does, of this machine and of this cluster.
  if (!family && isTrusted(url, options)) return lookup(host, { all: true });
  const addresses = family ? [{ address: host, family }] : await resolve(host).catch(nowhere);
  if (addresses.length === 0) throw new EgressRefusedError('unresolved', 'The host of the URL has no address.');
  if (isTrusted(url, options)) return addresses;
  const allowed = addresses.every(({ address }) => {
    const kind = isIP(address) ? kindOfAddress(address) : 'refused';
    return kind === 'public' || (kind === 'loopback' && allowLoopback);
  });
  if (!allowed) throw refusedAddress();
  return addresses;
}

const LOOPBACK = [
  { address: '127.0.0.1', family: 4 },
  { address: '::1', family: 6 },
];

/** All A and AAAA records. A kind that cannot be had is none, unless there is none of the other either. */
async function resolveAll(host: string): Promise<Address[]> {
  if (/^(.+\.)?localhost\.?$/.test(host)) return LOOPBACK;
  const [four, six] = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)]);
  const found = [...addressesOf(four, 4), ...addressesOf(six, 6)];
  const failure = [four, six].find((one) => one.status === 'rejected' && !isAnswer(one.reason));
  if (found.length === 0 && failure?.status === 'rejected') throw failure.reason;
  return found;
}

const addressesOf = (records: PromiseSettledResult<string[]>, family: number) =>
  records.status === 'fulfilled' ? records.value.map((address) => ({ address, family })) : [];

/** There is none. Any other error says nothing of the name. */
const isAnswer = ({ code }: NodeJS.ErrnoException) => new Set<string>([NOTFOUND, NODATA, BADNAME]).has(code ?? '');

function nowhere(error: NodeJS.ErrnoException): Address[] {
  if (isAnswer(error)) return [];
  throw new EgressRefusedError('look-up', 'The host of the URL could not be looked up just now.');
}
