import { Database, type Queryable } from '@doitong/service-kit';
import { Injectable } from '@nestjs/common';
import type { Circuit } from './circuit.js';

/** A credential of a vendor family, by its fingerprint. */
export interface CircuitKey {
  family: string;
  credential: string;
}

const COLUMNS =
  'faults, accounts, openings, opened_at AS "openedAt", open_until AS "openUntil", trial_until AS "trialUntil"';

@Injectable()
export class CircuitsRepository {
  constructor(private readonly database: Database) {}

  all(): Promise<(CircuitKey & Circuit)[]> {
    return this.database.query(`SELECT family, credential, ${COLUMNS} FROM circuits`);
  }

  /** Replaces a circuit by what `next` makes of it, one change at a time over all replicas. Returns both. */
  async change(
    tx: Queryable,
    { family, credential }: CircuitKey,
    next: (circuit: Circuit, now: Date) => Circuit,
  ): Promise<{ before: Circuit; after: Circuit }> {
    await tx.query('INSERT INTO circuits (family, credential) VALUES ($1, $2) ON CONFLICT DO NOTHING', [
      family,
      credential,
    ]);
    const [row] = await tx.query<Circuit & { now: Date }>(
      `SELECT ${COLUMNS}, clock_timestamp() AS now FROM circuits WHERE family = $1 AND credential = $2 FOR UPDATE`,
      [family, credential],
    );
    const { now, ...before } = row!;
    const after = next(before, now);
    await tx.query(
      `UPDATE circuits SET faults = $3, openings = $4, opened_at = $5, open_until = $6, trial_until = $7, accounts = $8::jsonb,
         changed_at = now()
       WHERE family = $1 AND credential = $2`,
      [
        family,
        credential,
        after.faults,
        after.openings,
        after.openedAt,
        after.openUntil,
        after.trialUntil,
        JSON.stringify(after.accounts),
      ],
    );
    return { before, after };
  }

  /** Lets the next one try: what was asked at `askedAt`, since it opened, has ended without telling of the credential. */
  async endTrial(tx: Queryable, { family, credential }: CircuitKey, askedAt: Date): Promise<void> {
    await tx.query('UPDATE circuits SET trial_until = NULL WHERE family = $1 AND credential = $2 AND opened_at <= $3', [
      family,
      credential,
      askedAt,
    ]);
  }

  /** Those of credentials that nobody uses any more. */
  async forgetOld(): Promise<void> {
    await this.database.query(`DELETE FROM circuits WHERE changed_at < now() - interval '1 day'`);
  }
}
