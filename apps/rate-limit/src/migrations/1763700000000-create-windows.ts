import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Requests admitted of late, by key and kind. Unlogged: a crash of PostgreSQL forgets at most a minute's counts, and a
 * check need not wait for the disk.
 */
export class CreateWindows1763700000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE UNLOGGED TABLE windows (
        key      text NOT NULL,
        kind     text NOT NULL CHECK (kind IN ('generate', 'read')),
        -- The second (of the Unix epoch) that counts[1] is of; counts[2] is of the second before, and so on, 61 in all.
        second   bigint NOT NULL,
        counts   integer[] NOT NULL,
        -- What became of the latest check.
        admitted boolean NOT NULL,
        PRIMARY KEY (key, kind)
      -- Half of each page is left free, so that a check is a heap-only update; no other index, for the same reason.
      ) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE windows');
  }
}
