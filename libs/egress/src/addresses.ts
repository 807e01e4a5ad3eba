import ipaddr from 'ipaddr.js';

/** Ranges that ipaddr.js calls unicast although they are nobody's on the public net, or lead to one that is not. */
const alsoRefused = [
  '192.88.99.0/24', // 6to4 relays
  '64:ff9b::/96', // NAT64
  '64:ff9b:1::/48', // NAT64, local use
  '2001:db8::/32', // documentation
  '2002::/16', // 6to4
  '2001::/32', // Teredo
  '3fff::/20', // documentation
  '5f00::/16', // segment routing
  'fec0::/10', // site-local, given up
  '100::/64', // discard
].map((range) => ipaddr.parseCIDR(range));

export type AddressKind = 'public' | 'loopback' | 'refused';

/** What an IP address is: on the public net, this very machine, or anywhere else, where nobody has us connect to. */
export function kindOfAddress(text: string): AddressKind {
  const bare = text.replace(/^\[|\]$/g, '');
  if (!ipaddr.isValid(bare)) return 'refused';
  const address = ipaddr.process(bare);
  const range = address.range();
  if (range === 'loopback') return 'loopback';
  const refused = alsoRefused.some(
    ([network, bits]) => network.kind() === address.kind() && address.match(network as never, bits),
  );
  return range === 'unicast' && !refused ? 'public' : 'refused';
}
