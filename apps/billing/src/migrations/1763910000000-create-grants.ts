import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What is left of the credits that came to an account, one row for each posting that gave some. What is left of all grants
 * of an account is what it has available and held. A balance from before has its top-ups used up in the order in which they came.
 */
export class CreateGrants1763910000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE ledger_entries DROP CONSTRAINT ledger_entries_kind_check,
        ADD CONSTRAINT ledger_entries_kind_check
          CHECK (kind IN ('TOP_UP', 'PROMOTION', 'CAPTURE', 'REFUND', 'ADJUSTMENT', 'EXPIRY')),
        ADD COLUMN reason text;
      CREATE INDEX ledger_entries_of_accounts ON ledger_entries (ledger_account, id) WHERE ledger_account LIKE 'acc%';

      CREATE TABLE grants (
        id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        account_id text NOT NULL REFERENCES accounts,
        -- Those of the posting that gave the credits.
        kind       text NOT NULL CHECK (kind IN ('TOP_UP', 'PROMOTION', 'REFUND', 'ADJUSTMENT')),
        reference  text NOT NULL,
        credits    bigint NOT NULL CHECK (credits > 0),
        remaining  bigint NOT NULL CHECK (remaining BETWEEN 0 AND credits),
        -- A column of its own, so that a change of what remains is a heap-only update.
        live       boolean GENERATED ALWAYS AS (remaining > 0) STORED,
        priority   integer NOT NULL,
        expires_at timestamptz,
        created_at timestamptz NOT NULL DEFAULT now(),
        UNIQUE (kind, reference)
      ) WITH (fillfactor = 50);
      CREATE INDEX grants_to_use ON grants (account_id, priority, expires_at, id) WHERE live;

      -- When a grant of the account runs out that nobody has looked at yet: until that was done, nothing is held.
      ALTER TABLE accounts ADD COLUMN next_expiry_at timestamptz;
      CREATE INDEX accounts_to_expire ON accounts (next_expiry_at) WHERE next_expiry_at IS NOT NULL;

      INSERT INTO grants (account_id, kind, reference, credits, remaining, priority, created_at)
      SELECT ledger_account, kind, reference, credits, credits - least(credits, greatest(0, spent - before)), 100, created_at
      FROM (
        SELECT *, sum(credits) OVER (PARTITION BY ledger_account ORDER BY id) - credits AS before
        FROM ledger_entries WHERE ledger_account LIKE 'acc%' AND kind = 'TOP_UP'
      ) AS given CROSS JOIN LATERAL (
        SELECT coalesce(-sum(credits), 0) AS spent FROM ledger_entries
        WHERE ledger_account = given.ledger_account AND ledger_account LIKE 'acc%' AND kind = 'CAPTURE'
      ) AS taken
      ORDER BY given.id;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP TABLE grants;
      DROP INDEX ledger_entries_of_accounts;
      ALTER TABLE accounts DROP COLUMN next_expiry_at;
      ALTER TABLE ledger_entries DROP COLUMN reason, DROP CONSTRAINT ledger_entries_kind_check,
        ADD CONSTRAINT ledger_entries_kind_check CHECK (kind IN ('TOP_UP', 'CAPTURE'));
    `);
  }
}
