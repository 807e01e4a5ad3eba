import type { ReplyOf, RequestOf, rateLimit } from '@doitong/contracts';
import { Injectable } from '@nestjs/common';
import { CheckBatches } from './check-batches.js';
import { stateOf } from './sliding-window.js';
import { WindowsRepository } from './windows.repository.js';

@Injectable()
export class WindowsService {
  constructor(
    private readonly windows: WindowsRepository,
    private readonly batches: CheckBatches,
  ) {}

  /** Counts the whole cost or nothing. A cost of 0, or above the limit, only reads. */
  async check(wanted: RequestOf<typeof rateLimit.check>): Promise<ReplyOf<typeof rateLimit.check>> {
    const { key, window, cost, limit } = wanted;
    const counted = cost > 0 && cost <= limit;
    const { counts, allowed, ...usage } = counted
      ? await this.batches.take(wanted)
      : { ...(await this.windows.read(key, window)), allowed: cost === 0 };
    return { ...stateOf(counts, { ...wanted, allowed }), ...usage };
  }
}
