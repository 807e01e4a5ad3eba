import type { MigrationInterface, QueryRunner } from 'typeorm';

/** How many workers died of an attempt, who died last, and the stage of the step, if any, that can cost its worker its life now. */
export class CountDeaths1763930000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE attempts ADD COLUMN deaths smallint NOT NULL DEFAULT 0, ADD COLUMN lost_worker_id text,
        ADD COLUMN risking text CHECK (risking IN ('SUBMISSION', 'PROCESSING', 'DELIVERY'))
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE attempts DROP COLUMN deaths, DROP COLUMN lost_worker_id, DROP COLUMN risking');
  }
}
