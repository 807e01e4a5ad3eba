import { createHmac, timingSafeEqual } from 'node:crypto';

/** URLs at which a vendor tells us of one attempt; nobody can guess another's. */
export class CallbackUrls {
  constructor(
    private readonly baseUrl: string | undefined,
    private readonly secret: string | undefined,
  ) {}

  of(family: string, attemptId: string): string | undefined {
    return this.baseUrl && this.secret && `${this.baseUrl}/callbacks/${family}/${attemptId}/${this.tokenOf(attemptId)}`;
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
