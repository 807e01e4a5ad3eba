import type { Credentials, FamilyManifest } from '@doitong/contracts';
import { Database } from '@doitong/service-kit';
import { Injectable } from '@nestjs/common';
import type { CatalogueEntry } from './catalogue.entity.js';

@Injectable()
export class CatalogueRepository {
  constructor(private readonly database: Database) {}

  /** Notes that a worker lives; true when that changes what the catalogue says. */
  async announce(
    workerId: string,
    credentials: Credentials,
    manifest: FamilyManifest,
    aliveSeconds: number,
  ): Promise<boolean> {
    const [row] = await this.database.query<{ changed: boolean }>(
      `WITH before AS (
         SELECT EXISTS (SELECT FROM families WHERE family = $1 AND manifest = $2::jsonb)
            AND EXISTS (SELECT FROM workers WHERE id = $3 AND credentials = $4::jsonb AND beat_at > now() - make_interval(secs => $5))
            AS same
       ), family AS (
         INSERT INTO families (family, manifest) SELECT $1, $2::jsonb FROM before WHERE NOT same
         ON CONFLICT (family) DO UPDATE SET manifest = excluded.manifest
       )
       SELECT NOT same AS changed FROM before`,
      [manifest.family, JSON.stringify(manifest), workerId, JSON.stringify(credentials), aliveSeconds],
    );
    await this.database.query(
      `INSERT INTO workers (id, family, credentials, beat_at) VALUES ($1, $2, $3::jsonb, now())
       ON CONFLICT (id) DO UPDATE SET credentials = excluded.credentials, beat_at = now()`,
      [workerId, manifest.family, JSON.stringify(credentials)],
    );
    return row!.changed;
  }

  async leave(workerId: string): Promise<string | undefined> {
    const [row] = await this.database.query<{ family: string }>('DELETE FROM workers WHERE id = $1 RETURNING family', [
      workerId,
    ]);
    return row?.family;
  }

  async forgetDead(aliveSeconds: number): Promise<void> {
    await this.database.query('DELETE FROM workers WHERE beat_at < now() - 10 * make_interval(secs => $1)', [
      aliveSeconds,
    ]);
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
