import { billing, type CancelTerms } from '@doitong/contracts';
import { Clock, MessageBus, type Queryable } from '@doitong/service-kit';
import { Injectable } from '@nestjs/common';

/** What customers pay for generations that they cancel once a vendor may have been asked, at the terms of their plan. */
@Injectable()
export class Cancellations {
  constructor(
    private readonly bus: MessageBus,
    private readonly clock: Clock,
  ) {}

  termsOf(accountId: string): Promise<CancelTerms> {
    return this.bus.request(billing.cancelTerms, { accountId });
  }

  /** Which part of the price one costs, in percent. Those of one account are counted one after the other, until the transaction `tx` ends. */
  async chargePercent(tx: Queryable, accountId: string, { percent, freePerDay }: CancelTerms): Promise<number> {
    if (percent === 0 || freePerDay === 0) return percent;
    await tx.query(`SELECT pg_advisory_xact_lock(hashtextextended('cancel ' || $1, 0))`, [accountId]);
    const day = this.clock.now().toISOString().slice(0, 10);
    const [row] = await tx.query<{ free: number }>(
      `SELECT count(*)::int AS free FROM generations WHERE account_id = $1 AND cancel_charge = 0 AND completed_at >= $2::timestamptz`,
      [accountId, `${day}T00:00:00Z`],
    );
    return row!.free < freePerDay ? 0 : percent;
  }
}
