import { DoitongError, type Principal, type ReplyOf, rateLimit } from '@doitong/contracts';
import { Logger, MessageBus } from '@doitong/service-kit';
import { Injectable } from '@nestjs/common';

const ANSWER_MS = 1_000;
const RETRY_SECONDS = 1;
/** Reads have a limit of their own, so many times as large. */
const READS_PER_GENERATE = 10;

/** What a check found, and the limit that it was made against. */
export interface Allowance {
  limit: number;
  check: ReplyOf<typeof rateLimit.check>;
}

/** Counts HTTP requests against the account's minute limits. */
@Injectable()
export class RateLimits {
  private reachable = true;

  constructor(
    private readonly bus: MessageBus,
    private readonly logger: Logger,
  ) {}

  /**
   * Counts one request that asks for so many generations, or one read when for none. While the rate-limit service does not
   * answer, a read goes on uncounted (undefined) and a generating request is refused: INTERNAL, retryable.
   */
  async count({ accountId, limits }: Principal, generating: number): Promise<Allowance | undefined> {
    const [window, cost, limit] =
      generating > 0
        ? (['generate', generating, limits.requestsPerMinute] as const)
        : (['read', 1, limits.requestsPerMinute * READS_PER_GENERATE] as const);
    try {
      const check = await this.bus.request(rateLimit.check, { key: accountId, window, cost, limit }, ANSWER_MS);
      this.note(true);
      return { limit, check };
    } catch (cause) {
      this.note(false, cause);
      if (window === 'read') return undefined;
      throw new DoitongError('INTERNAL', 'Your limits cannot be checked at the moment. Please try again.', {
        retryAfter: RETRY_SECONDS,
        cause,
      });
    }
  }

  private note(reachable: boolean, error?: unknown): void {
    if (reachable === this.reachable) return;
    this.reachable = reachable;
    if (reachable) this.logger.info('rate limits are checked again');
    else this.logger.error('rate limits cannot be checked: generating is refused, reads go on', { error });
  }
}
