import type { IncomingMessage } from 'node:http';
import proxyaddr from '@fastify/proxy-addr';
import { Injectable } from '@nestjs/common';
import ipaddr from 'ipaddr.js';

/** What one customer of a network provider is usually given, in bits. */
const IPV6_PREFIX = 64;

/** Where requests come from. What `X-Forwarded-For` says is believed as far as trusted proxies wrote it. */
@Injectable()
export class ClientAddresses {
  private readonly trusts: (address: string, hop: number) => boolean;

  /** `trustedProxies`: addresses, CIDR ranges, `loopback`, `linklocal` or `uniquelocal`. Throws TypeError on anything else. */
  constructor(trustedProxies: string[]) {
    this.trusts = trustedProxies.length > 0 ? proxyaddr.compile(trustedProxies) : () => false;
  }

  /** An IPv4 address, or the /64 network of an IPv6 address, of which a client may use as many as it likes. */
  of(request: IncomingMessage): string {
    const told = proxyaddr(request, this.trusts);
    const address = ipaddr.isValid(told) ? told : (request.socket.remoteAddress ?? 'gone');
    if (!ipaddr.isValid(address)) return address;
    const parsed = ipaddr.process(address);
    if (parsed instanceof ipaddr.IPv4) return parsed.toString();
    parsed.zoneId = undefined;
    const network = ipaddr.IPv6.networkAddressFromCIDR(`${parsed}/${IPV6_PREFIX}`);
    return `${network}/${IPV6_PREFIX}`;
  }
}
