import { DoitongError, type Limits, type Principal, type ReplyOf, type RequestOf, rateLimit } from '@doitong/contracts';
import { Logger, MessageBus, Metrics } from '@doitong/service-kit';
import { Inject, Injectable } from '@nestjs/common';
import { Counter } from 'prom-client';

const ANSWER_MS = 3_000;
const RETRY_SECONDS = 1;
/** Reads have a limit of their own, so many times as large. */
const READS_PER_GENERATE = 10;
/** Of one address. Enough for a person who mistypes a key; a customer's own requests are never counted here. */
const UNAUTHENTICATED_PER_MINUTE = 30;

type Window = RequestOf<typeof rateLimit.check>['window'];

/** What a check found, and the limit that it was made against. */
export interface Allowance {
  window: Window;
  limit: number;
  check: ReplyOf<typeof rateLimit.check>;
  /** All of the account's that are in force; absent for a stranger, who has this one only. */
  limits?: Limits & { readsPerMinute: number };
}

/** Counts requests against the minute limits: by account, or by address where there is none. */
@Injectable()
export class RateLimits {
  private reachable = true;
  private readonly unchecked: Counter<'window'>;

  constructor(
    private readonly bus: MessageBus,
    private readonly logger: Logger,
    @Inject(Metrics) { registry }: Metrics,
  ) {
    this.unchecked = new Counter({
      name: 'rate_limit_unchecked_total',
      help: 'Requests whose limits could not be checked: window generate was refused, the others went on.',
      labelNames: ['window'],
      registers: [registry],
    });
    for (const window of ['generate', 'read', 'unauthenticated'] as const) this.unchecked.inc({ window }, 0);
  }

  /**
   * Counts one request that asks for so many generations, or one read when for none. While the rate-limit service does not
   * answer, a read goes on uncounted (undefined) and a generating request is refused: INTERNAL, retryable.
   */
  async count({ accountId, limits: own }: Principal, generating: number): Promise<Allowance | undefined> {
    const limits = { ...own, readsPerMinute: own.requestsPerMinute * READS_PER_GENERATE };
    const [window, cost, limit] =
      generating > 0
        ? (['generate', generating, limits.requestsPerMinute] as const)
        : (['read', 1, limits.readsPerMinute] as const);
    const allowance = await this.ask({ key: accountId, window, cost, limit });
    return allowance && { ...allowance, limits };
  }

  /** Counts one request of an address that came without an accepted API key. Undefined while the rate-limit service does not answer. */
  countStranger(address: string): Promise<Allowance | undefined> {
    return this.ask({ key: `ip:${address}`, window: 'unauthenticated', cost: 1, limit: UNAUTHENTICATED_PER_MINUTE });
  }

  private async ask(wanted: RequestOf<typeof rateLimit.check>): Promise<Allowance | undefined> {
    const { window, limit } = wanted;
    try {
      const check = await this.bus.request(rateLimit.check, wanted, ANSWER_MS);
      this.note(true);
      return { window, limit, check };
    } catch (cause) {
      this.note(false, cause);
      this.unchecked.inc({ window });
      if (window !== 'generate') return undefined;
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
