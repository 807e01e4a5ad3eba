import { Database } from '@doitong/service-kit';
import { Injectable } from '@nestjs/common';
import type { Owner } from '../endpoints/endpoints.repository.js';
import { audit, type By } from '../operator/audit.js';

/** Whose secrets sign a delivery: its endpoint's, or the default of its account and mode. */
export interface Signed extends Owner {
  endpointId: string | null;
}

export const signerOf = ({ accountId, mode, endpointId }: Signed): string =>
  endpointId ?? (mode === 'live' ? accountId : `${accountId}/${mode}`);

interface Row {
  owner_id: string;
  secrets: string[];
}

/** Secrets have an owner: an endpoint, or an account in one mode, whose default they are. */
@Injectable()
export class SecretsRepository {
  constructor(private readonly database: Database) {}

  /** The live ones by owner, the newest first; owners without one are missing. */
  async find(ownerIds: string[]): Promise<Map<string, string[]>> {
    const rows = await this.database.query<Row>(
      `SELECT owner_id, array_agg(secret ORDER BY expires_at DESC NULLS FIRST) AS secrets FROM secrets
       WHERE owner_id = ANY($1::text[]) AND (expires_at IS NULL OR expires_at > now()) GROUP BY owner_id`,
      [ownerIds],
    );
    return new Map(rows.map((row) => [row.owner_id, row.secrets]));
  }

  /** An owner that has one by now keeps it. */
  async add(secrets: Map<string, string>): Promise<void> {
    await this.database.query(
      `INSERT INTO secrets (owner_id, secret)
       SELECT * FROM unnest($1::text[], $2::text[]) AS given(owner_id, secret) ORDER BY owner_id
       ON CONFLICT (owner_id) WHERE expires_at IS NULL DO NOTHING`,
      [[...secrets.keys()], [...secrets.values()]],
    );
  }

  /**
   * Puts a new one in the place of the newest; those before it sign no longer than the overlap. False when `most` would be
   * live at once: then nothing is changed.
   */
  rotate(signed: Signed, secret: string, overlapSeconds: number, most: number, by: By): Promise<boolean> {
    const ownerId = signerOf(signed);
    return this.database.transaction(async (tx) => {
      await tx.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [ownerId]);
      const kept = await tx.query(
        `SELECT FROM secrets WHERE owner_id = $1 AND $2::integer > 0 AND (expires_at IS NULL OR expires_at > now())`,
        [ownerId, overlapSeconds],
      );
      if (kept.length >= most) return false;
      await tx.query('DELETE FROM secrets WHERE owner_id = $1 AND expires_at <= now()', [ownerId]);
      await tx.query(
        `UPDATE secrets SET expires_at = least(expires_at, now() + make_interval(secs => $2)) WHERE owner_id = $1`,
        [ownerId, overlapSeconds],
      );
      await tx.query('INSERT INTO secrets (owner_id, secret) VALUES ($1, $2)', [ownerId, secret]);
      const { accountId, mode, endpointId } = signed;
      const action = `webhook.rotate-${endpointId === null ? 'default-' : ''}secret`;
      await audit(tx, by, { action, target: endpointId ?? accountId, accountId, after: { mode, overlapSeconds } });
      return true;
    });
  }
}
