import { DoitongError, type ReplyOf, type RequestOf, type rateLimit } from '@doitong/contracts';
import { Inject, Injectable } from '@nestjs/common';
import { RateLimitConfig } from '../config.js';
import { CONFIG } from '../tokens.js';
import { type Freed, SlotsRepository } from './slots.repository.js';

/** Nobody knows when a running generation ends; the shortest take a few seconds. */
const CONCURRENT_RETRY_SECONDS = 2;

@Injectable()
export class SlotsService {
  constructor(
    private readonly slots: SlotsRepository,
    @Inject(CONFIG) private readonly config: RateLimitConfig,
  ) {}

  /** Takes a slot and one of today's quota, once for each generation, or throws and takes neither: RATE_LIMIT, IDEMPOTENCY_CONFLICT. */
  async admit(wanted: RequestOf<typeof rateLimit.admit>): Promise<ReplyOf<typeof rateLimit.admit>> {
    const taken = await this.slots.take(wanted, this.config.SLOT_TTL_SECONDS);
    if (taken) return { expiresAt: taken.toISOString() };

    const { expiresAt, freed, dayTaken, secondsToMidnight } = await this.slots.whyNotTaken(wanted);
    if (freed) throw new DoitongError('IDEMPOTENCY_CONFLICT', 'The slot of this generation was already given back.');
    if (expiresAt) return { expiresAt: expiresAt.toISOString() };
    const { concurrent, perDay } = wanted;
    if (perDay !== null && dayTaken >= perDay) {
      throw new DoitongError('RATE_LIMIT', `The daily quota of ${perDay} generations is used up until midnight UTC.`, {
        limit: 'per_day',
        retryAfter: secondsToMidnight,
      });
    }
    throw new DoitongError('RATE_LIMIT', `At most ${concurrent} generations may run at the same time.`, {
      limit: 'concurrent',
      retryAfter: CONCURRENT_RETRY_SECONDS,
    });
  }

  /** Slots that are free already stay so. */
  async free(items: Freed[]): Promise<void> {
    await this.slots.free(items);
  }
}
