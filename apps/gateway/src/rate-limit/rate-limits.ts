import { DoitongError, type Limits, type Principal, type ReplyOf, type RequestOf, rateLimit } from '@doitong/contracts';
import { Clock, Logger, MessageBus, Metrics } from '@doitong/service-kit';
import { Inject, Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { Counter } from 'prom-client';
import { A_READ, type Counted } from './generating-fields.js';

const ANSWER_MS = 3_000;
const RETRY_SECONDS = 1;
/** Reads have a limit of their own, so many times as large. */
const READS_PER_GENERATE = 10;
/** Of one address. Enough for a person who mistypes a key; a customer's own requests are never counted here. */
const UNAUTHENTICATED_PER_MINUTE = 30;
/** Addresses that are known to be over it. */
const MOST_USED_UP = 10_000;

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
  /** Until when an address is over the limit of strangers, in epoch ms. */
  private readonly usedUp = new LRUCache<string, { allowance: Allowance; until: number }>({ max: MOST_USED_UP });

  constructor(
    private readonly bus: MessageBus,
    private readonly clock: Clock,
    private readonly logger: Logger,
    @Inject(Metrics) { registry }: Metrics,
  ) {
    this.unchecked = new Counter({
      name: 'rate_limit_unchecked_total',
      help: 'Requests whose limits could not be checked: windows generate and change were refused, the others went on.',
      labelNames: ['window'],
      registers: [registry],
    });
    for (const window of ['generate', 'change', 'read', 'unauthenticated'] as const) this.unchecked.inc({ window }, 0);
  }

  /**
   * Counts one request, by the mutations in it, or as one read without any. Of one that both generates and changes, the changes come first. While the
   * rate-limit service does not answer, a read goes on uncounted (undefined) and a mutation is refused: INTERNAL, retryable.
   */
  async count(
    { accountId: key, limits: own }: Principal,
    { generating, changing }: Counted = A_READ,
  ): Promise<Allowance | undefined> {
    const limits = { ...own, readsPerMinute: own.requestsPerMinute * READS_PER_GENERATE };
    const { requestsPerMinute, readsPerMinute } = limits;
    let allowance: Allowance | undefined;
    if (changing > 0) allowance = await this.ask({ key, window: 'change', cost: changing, limit: requestsPerMinute });
    if (generating > 0 && allowance?.check.allowed !== false) {
      allowance = await this.ask({ key, window: 'generate', cost: generating, limit: requestsPerMinute });
    }
    if (generating + changing === 0)
      allowance = await this.ask({ key, window: 'read', cost: 1, limit: readsPerMinute });
    return allowance && { ...allowance, limits };
  }

  /**
   * Counts one request of an address that came without an accepted API key. Undefined while the rate-limit service does not answer; it is not
   * asked about who is over the limit until that has passed.
   */
  async countStranger(address: string): Promise<Allowance | undefined> {
    const known = this.strangerIsOver(address);
    if (known) return known;
    const limit = UNAUTHENTICATED_PER_MINUTE;
    const allowance = await this.ask({ key: `ip:${address}`, window: 'unauthenticated', cost: 1, limit });
    if (allowance && !allowance.check.allowed) {
      const until = this.clock.now().getTime() + allowance.check.retryAfterSeconds * 1_000;
      this.usedUp.set(address, { allowance, until });
    }
    return allowance;
  }

  /** What an address that is known to be over the limit of strangers is to be told; undefined of all others. */
  strangerIsOver(address: string): Allowance | undefined {
    const known = this.usedUp.get(address);
    const leftSeconds = known ? Math.ceil((known.until - this.clock.now().getTime()) / 1_000) : 0;
    if (!known || leftSeconds <= 0) return undefined;
    const { allowance } = known;
    const gone = allowance.check.retryAfterSeconds - leftSeconds;
    const resetSeconds = Math.max(leftSeconds, allowance.check.resetSeconds - gone);
    return { ...allowance, check: { ...allowance.check, retryAfterSeconds: leftSeconds, resetSeconds } };
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
      if (window !== 'generate' && window !== 'change') return undefined;
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
    else this.logger.error('rate limits cannot be checked: mutations are refused, reads go on', { error });
  }
}
