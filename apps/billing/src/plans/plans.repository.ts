import type { admin, Limits, RequestOf } from '@doitong/contracts';
import { Database } from '@doitong/service-kit';
import { Injectable } from '@nestjs/common';

const IN_FORCE = `coalesce(accounts.requests_per_minute, plans.requests_per_minute) AS "requestsPerMinute",
  coalesce(accounts.concurrent, plans.concurrent) AS concurrent, coalesce(accounts.per_day, plans.per_day) AS "perDay"`;

@Injectable()
export class PlansRepository {
  constructor(private readonly database: Database) {}

  /** The limits now in force, or nothing when there is no such account. */
  async setPlan({ accountId, plan }: RequestOf<typeof admin.accountSetPlan>): Promise<Limits | undefined> {
    const [limits] = await this.database.query<Limits>(
      `UPDATE accounts SET plan = plans.name, requests_per_minute = NULL, concurrent = NULL, per_day = NULL
       FROM plans WHERE id = $1 AND plans.name = $2 RETURNING ${IN_FORCE}`,
      [accountId, plan],
    );
    return limits;
  }

  /** The limits now in force, or nothing when there is no such account on ENTERPRISE. */
  async setLimits({
    accountId,
    requestsPerMinute,
    concurrent,
    perDay,
  }: RequestOf<typeof admin.accountSetLimits>): Promise<Limits | undefined> {
    const [limits] = await this.database.query<Limits>(
      `UPDATE accounts SET requests_per_minute = $2, concurrent = $3, per_day = $4
       FROM plans WHERE id = $1 AND plan = 'ENTERPRISE' AND plans.name = plan RETURNING ${IN_FORCE}`,
      [accountId, requestsPerMinute, concurrent, perDay],
    );
    return limits;
  }
}
