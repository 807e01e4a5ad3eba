import { describe, expect, it } from '@jest/globals';
import { Vendors } from './vendors.js';

const live = { baseUrl: 'https://vendor.example', credentials: ['secret-one', 'secret-two'] };
const sandboxUrl = 'http://127.0.0.1:4100/acme';

describe('credentials', () => {
  it('are known outside by fingerprints, which lead back to the secret', () => {
    const vendors = new Vendors(live, sandboxUrl);
    const picked = [0, 0.99].map((random) => vendors.pick(() => random));
    expect(JSON.stringify(picked)).not.toContain('secret');
    const found = picked.map((pick) => vendors.find('live', pick.live ?? ''));
    expect(found).toEqual(live.credentials.map((credential) => ({ baseUrl: live.baseUrl, credential })));
    expect(vendors.find('test', picked[0]?.test ?? '')?.baseUrl).toBe(sandboxUrl);
  });

  it('have the same fingerprint in every replica', () => {
    const [one, other] = [new Vendors(live, undefined), new Vendors(live, undefined)];
    expect(one.pick(() => 0)).toEqual(other.pick(() => 0));
  });

  it('of one mode do not open the other, and those that are gone open none', () => {
    const vendors = new Vendors(live, sandboxUrl);
    const { live: fingerprint = '' } = vendors.pick(() => 0);
    expect(vendors.find('test', fingerprint)).toBeUndefined();
    const without = new Vendors({ ...live, credentials: ['secret-two'] }, sandboxUrl);
    expect(without.find('live', fingerprint)).toBeUndefined();
  });
});

describe('a mode', () => {
  it('without credentials is absent', () => {
    const vendors = new Vendors({ ...live, credentials: [] }, sandboxUrl);
    expect(vendors.modes).toEqual(['test']);
    expect(vendors.pick(() => 0)).not.toHaveProperty('live');
  });

  it('test is absent without a sandbox', () => {
    expect(new Vendors(live, undefined).modes).toEqual(['live']);
  });
});
