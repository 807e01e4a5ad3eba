import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Credits set aside, one hold a generation, kept for ever: OPEN → CAPTURED | RELEASED, or REFUSED from the start, so that
 * a hold refused for lack of credits stays refused however often it is asked for.
 */
export class CreateHolds1763700000002 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE holds (
        generation_id    text PRIMARY KEY,
        -- No foreign key: a hold is only ever inserted from the account's row, which the statement has locked. The check
        -- would cost a fifth of the throughput of a busy account.
        account_id       text NOT NULL,
        credits          bigint NOT NULL CHECK (credits >= 0),
        status           text NOT NULL CHECK (status IN ('OPEN', 'CAPTURED', 'RELEASED', 'REFUSED')),
        captured_credits bigint NOT NULL DEFAULT 0,
        -- When the sweeper may ask whether a generation stands behind it.
        expires_at       timestamptz NOT NULL,
        created_at       timestamptz NOT NULL DEFAULT now(),
        resolved_at      timestamptz,
        CHECK (captured_credits BETWEEN 0 AND CASE status WHEN 'CAPTURED' THEN credits ELSE 0 END),
        CHECK ((status = 'OPEN') = (resolved_at IS NULL))
      ) WITH (fillfactor = 80);
      CREATE INDEX holds_open ON holds (expires_at) WHERE status = 'OPEN';
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE holds');
  }
}
