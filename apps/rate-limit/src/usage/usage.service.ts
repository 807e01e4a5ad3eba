import type { ReplyOf, rateLimit } from '@doitong/contracts';
import { Injectable } from '@nestjs/common';
import { SlotsRepository } from '../slots/slots.repository.js';
import { WindowsRepository } from '../windows/windows.repository.js';

/** What an account uses of each of its limits. */
@Injectable()
export class UsageService {
  constructor(
    private readonly slots: SlotsRepository,
    private readonly windows: WindowsRepository,
  ) {}

  async of(accountId: string): Promise<ReplyOf<typeof rateLimit.usage>> {
    const [{ resetsAt, ...taken }, { counts }] = await Promise.all([
      this.slots.taken(accountId),
      this.windows.read(accountId, 'generate'),
    ]);
    const requestsThisMinute = counts.reduce((total, count) => total + count, 0);
    return { ...taken, requestsThisMinute, resetsAt: resetsAt.toISOString() };
  }
}
