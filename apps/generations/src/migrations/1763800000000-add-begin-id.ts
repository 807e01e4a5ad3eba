import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Which begin took the lease, and whether it was told to submit: asked again, it gets the same answer. */
export class AddBeginId1763800000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE attempts ADD COLUMN begin_id text, ADD COLUMN begin_submits boolean NOT NULL DEFAULT false
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE attempts DROP COLUMN begin_id, DROP COLUMN begin_submits');
  }
}
