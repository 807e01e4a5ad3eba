import type { ReplyOf, RequestOf, rateLimit } from '@doitong/contracts';
import { Injectable } from '@nestjs/common';
import { stateOf } from './sliding-window.js';
import { WindowsRepository } from './windows.repository.js';

@Injectable()
export class WindowsService {
  constructor(private readonly windows: WindowsRepository) {}

  /** Counts the whole cost or nothing. A cost of 0, or above the limit, only reads. */
  async check(wanted: RequestOf<typeof rateLimit.check>): Promise<ReplyOf<typeof rateLimit.check>> {
    if (wanted.cost === 0 || wanted.cost > wanted.limit) {
      const counts = await this.windows.read(wanted.key, wanted.window);
      return stateOf(counts, { ...wanted, allowed: wanted.cost === 0 });
    }
    const { admitted, counts } = await this.windows.take(wanted);
    return stateOf(counts, { ...wanted, allowed: admitted });
  }
}
