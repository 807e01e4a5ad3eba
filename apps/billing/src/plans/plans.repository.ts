import type { AccountDetails, admin, Limits, RequestOf } from '@doitong/contracts';
import { Database, type Queryable, writeAudit } from '@doitong/service-kit';
import { Injectable } from '@nestjs/common';
import { inForce } from './limits-in-force.js';

type PlanAndLimits = Pick<AccountDetails, 'plan'> & Limits;

@Injectable()
export class PlansRepository {
  constructor(private readonly database: Database) {}

  /** The limits now in force, or nothing when there is no such account. */
  setPlan({ accountId, plan }: RequestOf<typeof admin.accountSetPlan>): Promise<Limits | undefined> {
    return this.change('account.set-plan', accountId, async (tx) => {
      await tx.query(
        'UPDATE accounts SET plan = $2, requests_per_minute = NULL, concurrent = NULL, per_day = NULL WHERE id = $1',
        [accountId, plan],
      );
      return true;
    });
  }

  /** The limits now in force, or nothing when there is no such account on ENTERPRISE. */
  setLimits(wanted: RequestOf<typeof admin.accountSetLimits>): Promise<Limits | undefined> {
    const { accountId, requestsPerMinute, concurrent, perDay } = wanted;
    return this.change('account.set-limits', accountId, async (tx, { plan }) => {
      if (plan !== 'ENTERPRISE') return false;
      await tx.query('UPDATE accounts SET requests_per_minute = $2, concurrent = $3, per_day = $4 WHERE id = $1', [
        accountId,
        requestsPerMinute,
        concurrent,
        perDay,
      ]);
      return true;
    });
  }

  /** `apply` returns false when it has left all as it was. */
  private change(
    action: string,
    accountId: string,
    apply: (tx: Queryable, before: PlanAndLimits) => Promise<boolean>,
  ): Promise<Limits | undefined> {
    return this.database.transaction(async (tx) => {
      await tx.query('SELECT FROM accounts WHERE id = $1 FOR UPDATE', [accountId]);
      const before = await this.read(tx, accountId);
      if (!before || !(await apply(tx, before))) return undefined;
      const after = (await this.read(tx, accountId))!;
      await writeAudit(tx, { action, target: accountId, accountId, before, after });
      const { plan: _, ...limits } = after;
      return limits;
    });
  }

  private async read(tx: Queryable, accountId: string): Promise<PlanAndLimits | undefined> {
    const [row] = await tx.query<PlanAndLimits>(
      `SELECT plan, ${inForce} FROM accounts JOIN plans ON plans.name = plan WHERE id = $1`,
      [accountId],
    );
    return row;
  }
}
