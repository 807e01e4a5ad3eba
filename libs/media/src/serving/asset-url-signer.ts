import { createHmac, timingSafeEqual } from 'node:crypto';

export interface AssetUrlSignerOptions {
  /** Where `/assets/` is reached from outside, without a trailing slash. */
  baseUrl: string;
  /** The first signs, all verify: to change a secret, put the new one in front and drop the old one a TTL later. */
  secrets: string[];
  /** How long a URL works, at least; at most a tenth longer. */
  ttlSeconds: number;
  /** Milliseconds since 1970. */
  now?: () => number;
}

export type UrlVerdict = 'valid' | 'expired' | 'invalid';

/** Signs `${baseUrl}/assets/<key>?expires=<unix seconds>&signature=<base64url HMAC-SHA256 of key and expires>`. */
export class AssetUrlSigner {
  private readonly baseUrl: string;
  private readonly secrets: string[];
  private readonly ttlSeconds: number;
  private readonly now: () => number;

  constructor({ baseUrl, secrets, ttlSeconds, now = Date.now }: AssetUrlSignerOptions) {
    if (secrets.length === 0 || secrets.includes(''))
      throw new Error('An asset URL signer needs secrets that are not empty');
    this.baseUrl = baseUrl;
    this.secrets = secrets;
    this.ttlSeconds = ttlSeconds;
    this.now = now;
  }

  /** The same URL for a tenth of the TTL, so that who asks again and again (polling) meets a warm cache. */
  sign(key: string): string {
    const step = Math.max(1, Math.floor(this.ttlSeconds / 10));
    const expires = String(Math.ceil((this.now() / 1000 + this.ttlSeconds) / step) * step);
    const signature = signatureOf(this.secrets[0]!, key, expires).toString('base64url');
    return `${this.baseUrl}/assets/${key}?expires=${expires}&signature=${signature}`;
  }

  /** `expired` only for what we did sign: anything changed is `invalid`, however old. Takes the URL's parts as they came. */
  verify(key: string, expires: string, signature: string): UrlVerdict {
    const given = Buffer.from(signature, 'base64url');
    // Only the exact text that we wrote: base64url has several spellings of the same bytes.
    if (given.toString('base64url') !== signature) return 'invalid';
    const ours = this.secrets.some((secret) => same(signatureOf(secret, key, expires), given));
    if (!ours) return 'invalid';
    return this.secondsLeft(expires) > 0 ? 'valid' : 'expired';
  }

  /** Whole seconds until a URL with these `expires` stops working; 0 or less when it has. */
  secondsLeft(expires: string): number {
    return Math.ceil(Number(expires) - this.now() / 1000);
  }
}

/** No key has a line break, so no two pairs of key and expiry are signed as the same text. */
function signatureOf(secret: string, key: string, expires: string): Buffer {
  return createHmac('sha256', secret).update(`${key}\n${expires}`).digest();
}

function same(expected: Buffer, given: Buffer): boolean {
  return expected.length === given.length && timingSafeEqual(expected, given);
}
