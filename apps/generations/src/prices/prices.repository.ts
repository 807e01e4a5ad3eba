import type { admin, PriceOverride, RequestOf } from '@doitong/contracts';
import { Database, type Queryable, writeAudit } from '@doitong/service-kit';
import { Injectable } from '@nestjs/common';
import type { PriceRow } from './price-overrides.js';

type NewPrice = Omit<RequestOf<typeof admin.price.set>, 'model'> & { model: string | null };

/** It holds, or will: one that was ended before it began never does. */
const NOT_OVER = '(valid_until IS NULL OR valid_until > greatest(valid_from, now()))';
const COLUMNS = `id, account_id AS "accountId", plan, provider, model, price, valid_from AS "from", valid_until AS until`;

@Injectable()
export class PricesRepository {
  constructor(private readonly database: Database) {}

  notOver(): Promise<PriceRow[]> {
    return this.database.query<PriceRow>(`SELECT ${COLUMNS} FROM price_overrides WHERE ${NOT_OVER}`);
  }

  /** The newest first. */
  list({ accountId, plan, provider, past, first }: RequestOf<typeof admin.price.list>): Promise<PriceRow[]> {
    return this.database.query<PriceRow>(
      `SELECT ${COLUMNS} FROM price_overrides
       WHERE ($1::text IS NULL OR account_id = $1) AND ($2::text IS NULL OR plan = $2) AND ($3::text IS NULL OR provider = $3)
         AND ($4 OR ${NOT_OVER})
       ORDER BY id DESC LIMIT $5`,
      [accountId, plan, provider, past ?? false, first],
    );
  }

  /** The audit has as what was before the one that it takes the place of when it begins. */
  set(wanted: NewPrice): Promise<PriceRow> {
    const { accountId, plan, provider, model, price, from, until } = wanted;
    return this.database.transaction(async (tx) => {
      const [before] = await tx.query<PriceRow>(
        `SELECT ${COLUMNS} FROM price_overrides
         WHERE account_id IS NOT DISTINCT FROM $1 AND plan IS NOT DISTINCT FROM $2 AND provider = $3 AND model IS NOT DISTINCT FROM $4
           AND valid_from <= coalesce($5, now()) AND (valid_until IS NULL OR valid_until > coalesce($5, now()))
         ORDER BY id DESC LIMIT 1`,
        [accountId, plan, provider, model, from],
      );
      const [row] = await tx.query<PriceRow>(
        `INSERT INTO price_overrides (account_id, plan, provider, model, price, valid_from, valid_until)
         VALUES ($1, $2, $3, $4, $5::jsonb, coalesce($6, now()), $7) RETURNING ${COLUMNS}`,
        [accountId, plan, provider, model, JSON.stringify(price), from, until],
      );
      await audit(tx, 'price.set', before, row!);
      return row!;
    });
  }

  /** As it is then; undefined when there is none of this id. */
  end(id: number): Promise<PriceRow | undefined> {
    return this.database.transaction(async (tx) => {
      const [before] = await tx.query<PriceRow>(`SELECT ${COLUMNS} FROM price_overrides WHERE id = $1 FOR UPDATE`, [
        id,
      ]);
      const [after] = await tx.query<PriceRow>(
        `UPDATE price_overrides SET valid_until = greatest(valid_from, now())
         WHERE id = $1 AND ${NOT_OVER} RETURNING ${COLUMNS}`,
        [id],
      );
      if (after) await audit(tx, 'price.end', before, after);
      return after ?? before;
    });
  }
}

function audit(tx: Queryable, action: string, before: PriceRow | undefined, after: PriceRow): Promise<void> {
  const { provider: target, accountId } = after;
  return writeAudit(tx, { action, target, accountId: accountId ?? undefined, before, after });
}

export function toPriceOverride({ from, until, ...row }: PriceRow): PriceOverride {
  return { ...row, from: from.toISOString(), until: until?.toISOString() ?? null };
}
