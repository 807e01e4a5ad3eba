import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What accounts pay for what they cancel once a vendor may have been asked. As it begins, no cancellation costs the platform anything. */
export class SetCancelTerms1763943000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE plans
        ADD COLUMN cancel_percent smallint NOT NULL DEFAULT 100 CHECK (cancel_percent BETWEEN 0 AND 100),
        ADD COLUMN cancels_free_per_day integer NOT NULL DEFAULT 0 CHECK (cancels_free_per_day >= 0)
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE plans DROP COLUMN cancel_percent, DROP COLUMN cancels_free_per_day');
  }
}
