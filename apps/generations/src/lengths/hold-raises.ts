import { billing, DoitongError, type ErrorCode, type HoldChange } from '@doitong/contracts';
import { MessageBus } from '@doitong/service-kit';
import { Injectable } from '@nestjs/common';

/** The hold cannot grow: the account cannot pay, or what was held is settled already. */
const refusals: ErrorCode[] = ['INSUFFICIENT_CREDITS', 'FORBIDDEN', 'NOT_FOUND'];

@Injectable()
export class HoldRaises {
  constructor(private readonly bus: MessageBus) {}

  /** Has a hold grow. `refused` changes nothing. */
  async raise(change: HoldChange): Promise<'raised' | 'refused'> {
    try {
      await this.bus.request(billing.raise, change);
      return 'raised';
    } catch (error) {
      if (error instanceof DoitongError && refusals.includes(error.code)) return 'refused';
      throw error;
    }
  }
}
