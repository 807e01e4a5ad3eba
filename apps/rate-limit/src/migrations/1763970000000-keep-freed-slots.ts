import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A slot that was freed is kept until its time is up, so that a generation never takes a second one. */
export class KeepFreedSlots1763970000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE slots ADD COLUMN freed_at timestamptz');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DELETE FROM slots WHERE freed_at IS NOT NULL; ALTER TABLE slots DROP COLUMN freed_at');
  }
}
