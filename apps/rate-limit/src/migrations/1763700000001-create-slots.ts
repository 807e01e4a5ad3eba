import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Slots in use, and how much of its concurrency and of the day's quota each account has taken. */
export class CreateSlots1763700000001 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE account_usage (
        account_id  text PRIMARY KEY,
        -- As many as the account has rows in slots.
        slots_taken integer NOT NULL CHECK (slots_taken >= 0),
        -- A day in UTC, and the generations admitted on it.
        day         date NOT NULL,
        day_taken   integer NOT NULL CHECK (day_taken >= 0)
      -- Half of each page is left free, so that an admission is a heap-only update.
      ) WITH (fillfactor = 50);

      CREATE TABLE slots (
        generation_id text PRIMARY KEY,
        account_id    text NOT NULL,
        -- The day whose quota it took.
        day           date NOT NULL,
        -- When the sweeper may ask whether a running generation stands behind it.
        expires_at    timestamptz NOT NULL
      ) WITH (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 1000);
      CREATE INDEX slots_by_expiry ON slots (expires_at);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE slots, account_usage');
  }
}
