import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A fourth kind of window: of mutations that generate nothing. */
export class CountChanges1763971000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE windows DROP CONSTRAINT windows_kind_check,
        ADD CONSTRAINT windows_kind_check CHECK (kind IN ('generate', 'read', 'unauthenticated', 'change'));
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DELETE FROM windows WHERE kind = 'change';
      ALTER TABLE windows DROP CONSTRAINT windows_kind_check,
        ADD CONSTRAINT windows_kind_check CHECK (kind IN ('generate', 'read', 'unauthenticated'));
    `);
  }
}
