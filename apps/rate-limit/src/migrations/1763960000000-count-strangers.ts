import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A third kind of window: of requests without an accepted API key, by address. */
export class CountStrangers1763960000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE windows DROP CONSTRAINT windows_kind_check,
        ADD CONSTRAINT windows_kind_check CHECK (kind IN ('generate', 'read', 'unauthenticated'));
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      TRUNCATE windows;
      ALTER TABLE windows DROP CONSTRAINT windows_kind_check,
        ADD CONSTRAINT windows_kind_check CHECK (kind IN ('generate', 'read'));
    `);
  }
}
