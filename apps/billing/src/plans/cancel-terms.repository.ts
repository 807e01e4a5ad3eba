import type { CancelTerms, Limits, Plan, PlanDetails } from '@doitong/contracts';
import { Database, type Queryable, writeAudit } from '@doitong/service-kit';
import { Injectable } from '@nestjs/common';

type PlanRow = { plan: Plan } & Limits & CancelTerms;

const COLUMNS = `plans.name AS plan, plans.requests_per_minute AS "requestsPerMinute", plans.concurrent, plans.per_day AS "perDay",
  plans.cancel_percent AS percent, plans.cancels_free_per_day AS "freePerDay"`;

@Injectable()
export class CancelTermsRepository {
  constructor(private readonly database: Database) {}

  async of(accountId: string): Promise<CancelTerms | undefined> {
    const [row] = await this.database.query<CancelTerms>(
      `SELECT plans.cancel_percent AS percent, plans.cancels_free_per_day AS "freePerDay"
       FROM accounts JOIN plans ON plans.name = plan WHERE id = $1`,
      [accountId],
    );
    return row;
  }

  async plans(): Promise<PlanDetails[]> {
    return (await this.database.query<PlanRow>(`SELECT ${COLUMNS} FROM plans ORDER BY per_day, name`)).map(toDetails);
  }

  /** What is undefined stays. */
  set(plan: Plan, { percent, freePerDay }: Partial<CancelTerms>): Promise<PlanDetails> {
    return this.database.transaction(async (tx) => {
      const before = await this.lock(tx, plan);
      const [row] = await tx.query<PlanRow>(
        `UPDATE plans SET cancel_percent = coalesce($2, cancel_percent), cancels_free_per_day = coalesce($3, cancels_free_per_day)
         WHERE name = $1 RETURNING ${COLUMNS}`,
        [plan, percent ?? null, freePerDay ?? null],
      );
      const after = toDetails(row!);
      const change = { before: before.cancelTerms, after: after.cancelTerms };
      await writeAudit(tx, { action: 'plan.set-cancel-terms', target: plan, ...change });
      return after;
    });
  }

  private async lock(tx: Queryable, plan: Plan): Promise<PlanDetails> {
    const [row] = await tx.query<PlanRow>(`SELECT ${COLUMNS} FROM plans WHERE name = $1 FOR UPDATE`, [plan]);
    return toDetails(row!);
  }
}

function toDetails({ plan, percent, freePerDay, ...limits }: PlanRow): PlanDetails {
  return { plan, limits, cancelTerms: { percent, freePerDay } };
}
