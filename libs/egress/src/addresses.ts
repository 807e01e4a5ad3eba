import ipaddr from 'ipaddr.js';

/** All that the IPv6 net routes at present. Outside it are also the forms that wrap an IPv4 address, mapped and compatible. */
const routedIpv6 = ipaddr.IPv6.parseCIDR('2000::/3');
/** Azure's host services, metadata among them, at an address that is public by its range. */
const azureHost = '168.63.129.16';

export type AddressKind = 'public' | 'loopback' | 'refused';

/**
 * What an IP address is: on the public net, this very machine, or anything else (private, link-local, shared, multicast, reserved,
 * for documentation, a tunnel to IPv4, no address), where nobody has us connect to.
 */
export function kindOfAddress(text: string): AddressKind {
  if (!ipaddr.isValid(text)) return 'refused';
  const address = ipaddr.parse(text);
  const range = address.range();
  if (range === 'loopback') return 'loopback';
  if (range !== 'unicast' || text === azureHost) return 'refused';
  return address instanceof ipaddr.IPv4 || address.match(routedIpv6) ? 'public' : 'refused';
}
