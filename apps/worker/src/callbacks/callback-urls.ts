import { createHmac, timingSafeEqual } from 'node:crypto';
import type { AttemptJob } from '@doitong/contracts';
import { checkCustomerUrl } from '@doitong/egress';

/** URLs at which a vendor tells us of one attempt; nobody can guess another's. */
export class CallbackUrls {
  /** Live vendors can reach it: public https. Any other base URL is told to the sandbox alone. */
  readonly isPublic: boolean;

  constructor(
    private readonly baseUrl: string | undefined,
    private readonly secret: string | undefined,
  ) {
    this.isPublic = baseUrl !== undefined && isPublicHttps(baseUrl);
  }

  of(family: string, { attemptId, mode }: Pick<AttemptJob, 'attemptId' | 'mode'>): string | undefined {
    if (!this.baseUrl || !this.secret || (mode === 'live' && !this.isPublic)) return undefined;
    return `${this.baseUrl}/callbacks/${family}/${attemptId}/${this.tokenOf(attemptId)}`;
  }

  isGenuine(attemptId: string, token: string): boolean {
    const expected = Buffer.from(this.tokenOf(attemptId));
    const given = Buffer.from(token);
    return this.secret !== undefined && given.length === expected.length && timingSafeEqual(given, expected);
  }

  private tokenOf(attemptId: string): string {
    return createHmac('sha256', this.secret ?? '')
      .update(attemptId)
      .digest('base64url');
  }
}

/** By its text. A host without a dot, or under a name that is kept for private networks, is in no public DNS. */
function isPublicHttps(baseUrl: string): boolean {
  try {
    const { hostname, port } = new URL(baseUrl);
    checkCustomerUrl(baseUrl, { ports: [Number(port || 443)] });
    return (
      hostname.startsWith('[') ||
      (hostname.includes('.') && !/\.(local|internal|lan|home\.arpa|test)\.?$/.test(hostname))
    );
  } catch {
    return false;
  }
}
