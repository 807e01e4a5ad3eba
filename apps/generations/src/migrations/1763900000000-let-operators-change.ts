import { auditTable } from '@doitong/service-kit';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The providers that operators have disabled, and who changed what. */
export class LetOperatorsChange1763900000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE disabled_providers (
        provider text PRIMARY KEY,
        reason   text NOT NULL
      );
      ${auditTable}
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE audit, disabled_providers');
    await runner.query('DROP FUNCTION refuse_audit_change');
  }
}
