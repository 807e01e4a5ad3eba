import { auditTable } from '@doitong/service-kit';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What a key may do and until when, when it was last used, what took its place; and who changed what. */
export class ManageKeys1763900000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE api_keys
        ADD COLUMN scopes text[] NOT NULL DEFAULT '{generate,read,webhooks,billing}'
          CHECK (scopes <@ '{generate,read,webhooks,billing}' AND cardinality(scopes) > 0),
        ADD COLUMN expires_at timestamptz,
        ADD COLUMN last_used_at timestamptz,
        ADD COLUMN successor text UNIQUE REFERENCES api_keys;
      ${auditTable}
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP TABLE audit;
      DROP FUNCTION refuse_audit_change;
      ALTER TABLE api_keys DROP COLUMN scopes, DROP COLUMN expires_at, DROP COLUMN last_used_at, DROP COLUMN successor;
    `);
  }
}
