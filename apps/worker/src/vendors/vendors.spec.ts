import { describe, expect, it } from '@jest/globals';
import { Vendors } from './vendors.js';

const live = { baseUrl: 'https://vendor.example', credentials: ['secret-one', 'secret-two'] };
const sandboxUrl = 'http://127.0.0.1:4100/acme';

describe('credentials', () => {
  it('are known outside by fingerprints, which lead back to the secret', () => {
    const vendors = new Vendors(live, sandboxUrl);
    expect(JSON.stringify(vendors.credentials)).not.toContain('secret');
    const found = vendors.credentials.live?.map((fingerprint) => vendors.find('live', fingerprint));
    const [one, two] = live.credentials;
    expect(found).toEqual([
      { baseUrl: live.baseUrl, credential: one, otherCredentials: [two] },
      { baseUrl: live.baseUrl, credential: two, otherCredentials: [one] },
    ]);
    expect(vendors.find('test', vendors.credentials.test?.[0] ?? '')?.baseUrl).toBe(sandboxUrl);
  });

  it('have the same fingerprint in every replica', () => {
    const [one, other] = [new Vendors(live, undefined), new Vendors(live, undefined)];
    expect(one.credentials).toEqual(other.credentials);
  });

  it('of one mode do not open the other, and those that are gone open none', () => {
    const vendors = new Vendors(live, sandboxUrl);
    const [fingerprint = ''] = vendors.credentials.live ?? [];
    expect(vendors.find('test', fingerprint)).toBeUndefined();
    const without = new Vendors({ ...live, credentials: ['secret-two'] }, sandboxUrl);
    expect(without.find('live', fingerprint)).toBeUndefined();
  });
});

describe('a mode', () => {
  it('without credentials is absent', () => {
    const vendors = new Vendors({ ...live, credentials: [] }, sandboxUrl);
    expect(vendors.credentials).toEqual({ test: [expect.any(String)] });
  });

  it('test is absent without a sandbox', () => {
    expect(Object.keys(new Vendors(live, undefined).credentials)).toEqual(['live']);
  });
});
