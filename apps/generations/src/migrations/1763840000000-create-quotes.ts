import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Quotes, and on a generation that was asked for with one the most that may be charged for it. */
export class CreateQuotes1763840000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE quotes (
        id           text PRIMARY KEY,
        account_id   text NOT NULL,
        mode         text NOT NULL CHECK (mode IN ('live', 'test')),
        request_hash bytea NOT NULL,
        provider     text NOT NULL,
        model        text NOT NULL,
        credits      bigint NOT NULL CHECK (credits >= 0),
        options      jsonb NOT NULL,
        adjustments  jsonb NOT NULL,
        routing      jsonb NOT NULL,
        expires_at   timestamptz NOT NULL
      );
      CREATE INDEX quotes_by_expiry ON quotes (expires_at);
      ALTER TABLE generations ADD COLUMN most_credits bigint CHECK (credits <= most_credits);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE quotes; ALTER TABLE generations DROP COLUMN most_credits');
  }
}
