import { auditTable } from '@doitong/service-kit';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What operators change of endpoints and deliveries. */
export class AuditOperators1764100000000 implements MigrationInterface {
  name = 'AuditOperators1764100000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(auditTable);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE audit');
    await runner.query('DROP FUNCTION refuse_audit_change');
  }
}
