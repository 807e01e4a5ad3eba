import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The latest attempt that a hold was changed for: what is said of an earlier one comes too late. */
export class NumberAttempts1763830000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE holds ADD COLUMN attempt_number smallint NOT NULL DEFAULT 1');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE holds DROP COLUMN attempt_number');
  }
}
