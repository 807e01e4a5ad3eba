import { describe, expect, it } from '@jest/globals';
import { AssetUrlSigner } from './asset-url-signer.js';

const baseUrl = 'https://api.example.com';
const key = 'gen_1/clip-0a1b.mp4';
let nowMs = 1_800_000_000_000;
const signerWith = (secrets: string[], ttlSeconds = 3600) =>
  new AssetUrlSigner({ baseUrl, secrets, ttlSeconds, now: () => nowMs });

function partsOf(url: string) {
  const { pathname, searchParams } = new URL(url);
  return [pathname.slice('/assets/'.length), searchParams.get('expires')!, searchParams.get('signature')!] as const;
}

describe('a signed asset URL', () => {
  it('has the published form, and is valid as it stands', () => {
    const url = signerWith(['s1']).sign(key);
    expect(url).toMatch(
      /^https:\/\/api\.example\.com\/assets\/gen_1\/clip-0a1b\.mp4\?expires=\d+&signature=[\w-]{43}$/,
    );
    expect(signerWith(['s1']).verify(...partsOf(url))).toBe('valid');
  });

  it('works for its TTL at least and a tenth more at most', () => {
    const signer = signerWith(['s1'], 3600);
    for (const offsetMs of [0, 1, 999, 123_456, 359_999]) {
      nowMs = 1_800_000_000_000 + offsetMs;
      const left = Number(partsOf(signer.sign(key))[1]) - nowMs / 1000;
      expect(left).toBeGreaterThanOrEqual(3600);
      expect(left).toBeLessThanOrEqual(3960);
    }
  });

  it('stays the same for who polls', () => {
    const signer = signerWith(['s1'], 3600);
    nowMs = 1_800_000_000_001;
    const first = signer.sign(key);
    nowMs += 300_000;
    expect(signer.sign(key)).toBe(first);
    nowMs += 360_000;
    expect(signer.sign(key)).not.toBe(first);
  });

  it('expires at its very second', () => {
    const signer = signerWith(['s1'], 2);
    nowMs = 1_800_000_000_000;
    const parts = partsOf(signer.sign(key));
    nowMs += 1_999;
    expect(signer.verify(...parts)).toBe('valid');
    expect(signer.secondsLeft(parts[1])).toBe(1);
    nowMs += 1;
    expect(signer.verify(...parts)).toBe('expired');
  });

  it.each([
    ['valid', 0],
    ['expired', 10_000_000],
  ])('is invalid once any part was changed, while it would be %s', (_state, laterMs) => {
    nowMs = 1_800_000_000_000;
    const signer = signerWith(['s1']);
    const [, expires, signature] = partsOf(signer.sign(key));
    nowMs += laterMs;
    const flipped = (signature[0] === 'A' ? 'B' : 'A') + signature.slice(1);
    expect(signer.verify(key, expires, flipped)).toBe('invalid');
    expect(signer.verify(key, expires, '')).toBe('invalid');
    expect(signer.verify(key, expires, signature.slice(0, -1))).toBe('invalid');
    expect(signer.verify(key, expires, `${signature}=`)).toBe('invalid');
    expect(signer.verify(key, expires, `${signature}AAAA`)).toBe('invalid');
    expect(signer.verify('gen_2/clip-0a1b.mp4', expires, signature)).toBe('invalid');
    expect(signer.verify(key, String(Number(expires) + 1), signature)).toBe('invalid');
    expect(signer.verify(key, `${expires}.0`, signature)).toBe('invalid');
    expect(signer.verify(key, `0${expires}`, signature)).toBe('invalid');
    expect(signer.verify(key, 'NaN', signature)).toBe('invalid');
  });

  it('is told by its bytes alone: no other spelling of the same signature passes', () => {
    const signer = signerWith(['s1']);
    const [, expires, signature] = partsOf(signer.sign(key));
    // The last of 43 characters carries two unused bits.
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const twin = signature.slice(0, -1) + alphabet[alphabet.indexOf(signature.at(-1)!) ^ 1];
    expect(Buffer.from(twin, 'base64url').equals(Buffer.from(signature, 'base64url'))).toBe(true);
    expect(signer.verify(key, expires, twin)).toBe('invalid');
  });

  it('outlives a change of secrets while the old one is still listed', () => {
    const old = partsOf(signerWith(['s1']).sign(key));
    expect(signerWith(['s2', 's1']).verify(...old)).toBe('valid');
    expect(signerWith(['s2']).verify(...old)).toBe('invalid');
    expect(signerWith(['s2']).verify(...partsOf(signerWith(['s2', 's1']).sign(key)))).toBe('valid');
  });

  it.each([[[]], [['']], [['s1', '']]])('is never signed with the secrets %j', (secrets) => {
    expect(() => signerWith(secrets)).toThrow('secrets');
  });
});
