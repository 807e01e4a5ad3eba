import type { admin, FamilyManifest, PriceFall, ReplyOf } from '@doitong/contracts';
import { Database, type Queryable, writeAudit } from '@doitong/service-kit';
import { Injectable } from '@nestjs/common';
import { fallsOf, type KnownPrice, pricesOf } from './price-falls.js';

type Waiting = ReplyOf<typeof admin.price.falls>['waiting'][number];

const COLUMNS = `id::int, family, falls, accepted,
  to_char(told_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS "toldAt"`;

/** Prices of a family that are lower than operators know, and wait for one of them. */
@Injectable()
export class PriceFallsRepository {
  constructor(private readonly database: Database) {}

  /**
   * Whether the prices of this manifest may be. If so, they are what operators know of new models, and of all where one has accepted them. The caller
   * holds the family.
   */
  async pass(tx: Queryable, manifest: FamilyManifest): Promise<{ falls: PriceFall[]; isNew: boolean } | undefined> {
    const { family } = manifest;
    const [row] = await tx.query<{ prices: KnownPrice[] }>('SELECT prices FROM known_prices WHERE family = $1', [
      family,
    ]);
    const known = row?.prices ?? [];
    const offered = pricesOf(manifest);
    const falls = fallsOf(known, manifest);
    if (falls.length > 0 && !(await this.isAccepted(tx, family, offered))) {
      const added = await tx.query(
        `INSERT INTO price_falls (family, prices, falls) VALUES ($1, $2::jsonb, $3::jsonb)
         ON CONFLICT (family) DO UPDATE SET id = DEFAULT, prices = excluded.prices, falls = excluded.falls,
           accepted = false, told_at = now()
         WHERE price_falls.prices <> excluded.prices RETURNING id`,
        [family, JSON.stringify(offered), JSON.stringify(falls)],
      );
      return { falls, isNew: added.length > 0 };
    }
    const [first, then] = falls.length > 0 ? [offered, known] : [known, offered];
    await tx.query(
      `INSERT INTO known_prices (family, prices) VALUES ($1, $2::jsonb)
       ON CONFLICT (family) DO UPDATE SET prices = excluded.prices`,
      [family, JSON.stringify(withoutRepeats([...first, ...then]))],
    );
    await tx.query('DELETE FROM price_falls WHERE family = $1', [family]);
    return undefined;
  }

  waiting(): Promise<Waiting[]> {
    return this.database.query<Waiting>(`SELECT ${COLUMNS} FROM price_falls ORDER BY id`);
  }

  /** Undefined when none of this id waits: the family has told others since, or it was accepted and is there. */
  accept(id: number): Promise<Waiting | undefined> {
    return this.database.transaction(async (tx) => {
      const [before] = await tx.query<Waiting>(`SELECT ${COLUMNS} FROM price_falls WHERE id = $1 FOR UPDATE`, [id]);
      if (!before || before.accepted) return before;
      const [after] = await tx.query<Waiting>(
        `UPDATE price_falls SET accepted = true WHERE id = $1 RETURNING ${COLUMNS}`,
        [id],
      );
      await writeAudit(tx, { action: 'price.accept', target: before.family, before, after });
      return after;
    });
  }

  private async isAccepted(tx: Queryable, family: string, prices: KnownPrice[]): Promise<boolean> {
    const rows = await tx.query('SELECT FROM price_falls WHERE family = $1 AND prices = $2::jsonb AND accepted', [
      family,
      JSON.stringify(prices),
    ]);
    return rows.length > 0;
  }
}

/** Of one model, the first. What a model cost is known for as long as its family is, also while the manifest lacks it. */
function withoutRepeats(prices: KnownPrice[]): KnownPrice[] {
  const byModel = new Map<string, KnownPrice>();
  for (const one of prices) {
    const key = JSON.stringify([one.provider, one.model]);
    if (!byModel.has(key)) byModel.set(key, one);
  }
  return [...byModel.values()];
}
