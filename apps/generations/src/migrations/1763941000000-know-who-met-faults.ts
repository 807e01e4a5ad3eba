import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The accounts whose attempts met the faults of a credential, with the epoch ms at which each did last. */
export class KnowWhoMetFaults1763941000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE circuits ADD COLUMN accounts jsonb NOT NULL DEFAULT '{}'`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE circuits DROP COLUMN accounts');
  }
}
