import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Live and test are two worlds. The endpoints that there are, and what goes to them, are live; what goes to the `webhookUrl` of a request is of the
 * request's mode. A default secret signs in both until it is rotated in one, so that no receiver has to know a new one at once.
 */
export class PartModes1764110000000 implements MigrationInterface {
  name = 'PartModes1764110000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE endpoints ADD COLUMN mode text NOT NULL DEFAULT 'live' CHECK (mode IN ('live', 'test'));
      ALTER TABLE deliveries ADD COLUMN mode text NOT NULL DEFAULT 'live' CHECK (mode IN ('live', 'test'));
      UPDATE deliveries SET mode = 'test' FROM events
      WHERE events.id = event_id AND endpoint_id IS NULL AND events.data->>'mode' = 'test';
      DROP INDEX deliveries_of_account, deliveries_not_delivered;
      CREATE INDEX deliveries_of_account ON deliveries (account_id, mode, id);
      CREATE INDEX deliveries_not_delivered ON deliveries (account_id, mode, id) WHERE status <> 'DELIVERED';
      INSERT INTO secrets (owner_id, secret, created_at, expires_at)
      SELECT owner_id || '/test', secret, created_at, expires_at FROM secrets WHERE owner_id LIKE 'acc\\_%';
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DELETE FROM secrets WHERE owner_id LIKE '%/test';
      DROP INDEX deliveries_of_account, deliveries_not_delivered;
      CREATE INDEX deliveries_of_account ON deliveries (account_id, id);
      CREATE INDEX deliveries_not_delivered ON deliveries (account_id, id) WHERE status <> 'DELIVERED';
      ALTER TABLE endpoints DROP COLUMN mode;
      ALTER TABLE deliveries DROP COLUMN mode;
    `);
  }
}
