import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Routing tells the candidates too; of what was chosen before, none are known. */
export class TellCandidates1763810000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `UPDATE generations SET routing = routing || '{"candidates": []}' WHERE NOT routing ? 'candidates'`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`UPDATE generations SET routing = routing - 'candidates'`);
  }
}
