import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from '@jest/globals';
import { ClientAddresses } from './client-addresses.js';

const addressOf = (trusted: string[], remoteAddress: string, forwarded?: string) =>
  new ClientAddresses(trusted).of({
    headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded },
    socket: { remoteAddress },
  } as unknown as IncomingMessage);

describe('the address of a client', () => {
  it.each([
    ['198.51.100.1', '198.51.100.1'],
    ['::ffff:198.51.100.1', '198.51.100.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8:1:2:ffff::1', '2001:db8:1:2::/64'],
    ['fe80::1%eth0', 'fe80::/64'],
  ])('%s is %s', (remote, address) => {
    expect(addressOf([], remote)).toBe(address);
  });

  it('is not what a client says of itself', () => {
    expect(addressOf([], '198.51.100.1', '203.0.113.7')).toBe('198.51.100.1');
    expect(addressOf(['10.0.0.0/8'], '198.51.100.1', '203.0.113.7')).toBe('198.51.100.1');
  });

  it.each([
    ['203.0.113.7', '203.0.113.7'],
    ['2001:db8::1', '2001:db8::/64'],
    ['203.0.113.7, 10.2.2.2', '203.0.113.7'],
    // Whatever stands before what a trusted proxy wrote, the client has written.
    ['6.6.6.6, 203.0.113.7, 10.2.2.2', '203.0.113.7'],
    ['no address', '10.1.1.1'],
    ['', '10.1.1.1'],
  ])('behind trusted proxies that say %j is %s', (forwarded, address) => {
    expect(addressOf(['loopback', '10.0.0.0/8'], '10.1.1.1', forwarded)).toBe(address);
  });
});
