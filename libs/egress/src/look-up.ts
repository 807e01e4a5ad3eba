import { Resolver } from 'node:dns/promises';
import { isIP } from 'node:net';
import { kindOfAddress } from './addresses.js';
import { type EgressOptions, refusedAddress } from './check-url.js';
import type { Address } from './connections.js';
import { EgressRefusedError } from './refused.js';

/** Asks the name servers directly: `getaddrinfo` would have a slow one hold up the few threads that all look-ups share. */
const resolver = new Resolver({ timeout: 2_000, tries: 2 });

export type Resolve = (host: string) => Promise<Address[]>;

/** The addresses of a URL's host, all of which may be connected to; EgressRefusedError otherwise. An address is its own. */
export async function checkedAddresses(
  hostname: string,
  { allowLoopback }: EgressOptions,
  resolve: Resolve = resolveAll,
): Promise<Address[]> {
  const host = hostname.replace(/^\[|\]$/g, '');
  const family = isIP(host);
  const addresses = family ? [{ address: host, family }] : await resolve(host).catch(() => []);
  if (addresses.length === 0) throw new EgressRefusedError('unresolved', 'The host of the URL has no address.');
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

/** All A and AAAA records; a kind that cannot be had is none. */
async function resolveAll(host: string): Promise<Address[]> {
  if (/^(.+\.)?localhost\.?$/.test(host)) return LOOPBACK;
  const [four, six] = await Promise.all([
    resolver.resolve4(host).catch(() => []),
    resolver.resolve6(host).catch(() => []),
  ]);
  return [...four.map((address) => ({ address, family: 4 })), ...six.map((address) => ({ address, family: 6 }))];
}
