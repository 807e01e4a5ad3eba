import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * `asked`: whether the vendor of an attempt may have been asked. `cancel_charge`: what a cancellation cost where it may have been; 0: it was one
 * of those that are free; null where no vendor can have been asked.
 */
export class ChargeCancellations1763943000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE attempts ADD COLUMN asked boolean NOT NULL DEFAULT false;
      UPDATE attempts SET asked = true WHERE status IN ('SUBMITTING', 'SUBMITTED', 'ABANDONED');
      ALTER TABLE generations ADD COLUMN cancel_charge bigint,
        ADD CHECK (cancel_charge IS NULL OR (cancel_charge BETWEEN 0 AND credits AND status = 'CANCELLED'));
      CREATE INDEX generations_cancelled_free ON generations (account_id, completed_at) WHERE cancel_charge = 0;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE generations DROP COLUMN cancel_charge; ALTER TABLE attempts DROP COLUMN asked');
  }
}
