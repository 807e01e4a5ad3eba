import type { Credentials, FamilyManifest } from '@doitong/contracts';
import { Database, type Queryable, writeAudit } from '@doitong/service-kit';
import { Injectable } from '@nestjs/common';
import type { CatalogueEntry } from './catalogue.entity.js';

@Injectable()
export class CatalogueRepository {
  constructor(private readonly database: Database) {}

  /** Whether a family has this very manifest. */
  async has({ family, ...rest }: FamilyManifest): Promise<boolean> {
    const rows = await this.database.query('SELECT FROM families WHERE family = $1 AND manifest = $2::jsonb', [
      family,
      JSON.stringify({ family, ...rest }),
    ]);
    return rows.length > 0;
  }

  /** One after the other, so that no two families take the same name at once. `others`: the manifests of all other families. */
  take<T>(manifest: FamilyManifest, check: (tx: Queryable, others: FamilyManifest[]) => Promise<T>): Promise<T> {
    return this.database.transaction(async (tx) => {
      await tx.query(`SELECT pg_advisory_xact_lock(hashtextextended('families', 0))`);
      const rows = await tx.query<{ manifest: FamilyManifest }>('SELECT manifest FROM families WHERE family <> $1', [
        manifest.family,
      ]);
      const refused = await check(
        tx,
        rows.map((row) => row.manifest),
      );
      if (refused === undefined) {
        await tx.query(
          `INSERT INTO families (family, manifest) VALUES ($1, $2::jsonb)
           ON CONFLICT (family) DO UPDATE SET manifest = excluded.manifest`,
          [manifest.family, JSON.stringify(manifest)],
        );
      }
      return refused;
    });
  }

  /** Notes that a worker lives; true when that changes what the catalogue says. A worker of another family is left as it is. */
  async beat(workerId: string, credentials: Credentials, family: string, aliveSeconds: number): Promise<boolean> {
    const [row] = await this.database.query<{ changed: boolean }>(
      `WITH before AS (
         SELECT EXISTS (SELECT FROM workers WHERE id = $1 AND family = $2 AND credentials = $3::jsonb
           AND beat_at > now() - make_interval(secs => $4)) AS same
       ), worker AS (
         INSERT INTO workers (id, family, credentials, beat_at) VALUES ($1, $2, $3::jsonb, now())
         ON CONFLICT (id) DO UPDATE SET credentials = excluded.credentials, beat_at = now()
         WHERE workers.family = excluded.family
       )
       SELECT NOT same AS changed FROM before`,
      [workerId, family, JSON.stringify(credentials), aliveSeconds],
    );
    return row!.changed;
  }

  /** False when the family has no such worker. */
  async leave(family: string, workerId: string): Promise<boolean> {
    const rows = await this.database.query('DELETE FROM workers WHERE id = $1 AND family = $2 RETURNING id', [
      workerId,
      family,
    ]);
    return rows.length > 0;
  }

  async forgetDead(aliveSeconds: number): Promise<void> {
    await this.database.query('DELETE FROM workers WHERE beat_at < now() - 10 * make_interval(secs => $1)', [
      aliveSeconds,
    ]);
  }

  /** The reasons, by provider. */
  async disabled(): Promise<Map<string, string>> {
    const rows = await this.database.query<{ provider: string; reason: string }>(
      'SELECT provider, reason FROM disabled_providers',
    );
    return new Map(rows.map(({ provider, reason }) => [provider, reason]));
  }

  async disable(provider: string, reason: string): Promise<void> {
    await this.database.transaction(async (tx) => {
      const before = await this.lockReason(tx, provider);
      if (before === reason) return;
      await tx.query(
        'INSERT INTO disabled_providers (provider, reason) VALUES ($1, $2) ON CONFLICT (provider) DO UPDATE SET reason = $2',
        [provider, reason],
      );
      await writeAudit(tx, {
        action: 'provider.disable',
        target: provider,
        before: before === undefined ? undefined : { reason: before },
        after: { reason },
      });
    });
  }

  async enable(provider: string): Promise<void> {
    await this.database.transaction(async (tx) => {
      const before = await this.lockReason(tx, provider);
      if (before === undefined) return;
      await tx.query('DELETE FROM disabled_providers WHERE provider = $1', [provider]);
      await writeAudit(tx, { action: 'provider.enable', target: provider, before: { reason: before } });
    });
  }

  private async lockReason(tx: Queryable, provider: string): Promise<string | undefined> {
    const [row] = await tx.query<{ reason: string }>(
      'SELECT reason FROM disabled_providers WHERE provider = $1 FOR UPDATE',
      [provider],
    );
    return row?.reason;
  }

  read(aliveSeconds: number): Promise<CatalogueEntry[]> {
    return this.database.query<CatalogueEntry>(
      `WITH alive AS (
         SELECT w.family, mode, jsonb_agg(DISTINCT fingerprint) AS fingerprints
         FROM workers w CROSS JOIN jsonb_each(w.credentials) AS own(mode, list)
           CROSS JOIN jsonb_array_elements(list) AS fingerprint
         WHERE w.beat_at > now() - make_interval(secs => $1)
         GROUP BY w.family, mode
       )
       SELECT f.manifest, coalesce(jsonb_object_agg(mode, fingerprints) FILTER (WHERE mode IS NOT NULL), '{}') AS credentials
       FROM families f LEFT JOIN alive ON alive.family = f.family
       GROUP BY f.family ORDER BY f.family`,
      [aliveSeconds],
    );
  }
}
