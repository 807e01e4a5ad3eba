import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Accounts, their plans and API keys. Limits set on an account (ENTERPRISE) override those of its plan; `per_day` null is unlimited. */
export class CreateAccounts1763700000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE plans (
        name                text PRIMARY KEY,
        requests_per_minute integer NOT NULL CHECK (requests_per_minute >= 0),
        concurrent          integer NOT NULL CHECK (concurrent >= 0),
        per_day             integer CHECK (per_day >= 0)
      );
      -- The published table; ENTERPRISE is where an account starts until limits of its own are set.
      INSERT INTO plans (name, requests_per_minute, concurrent, per_day) VALUES
        ('FREE', 10, 1, 100),
        ('STARTER', 30, 3, 1000),
        ('PRO', 60, 10, 10000),
        ('ENTERPRISE', 600, 100, NULL);

      CREATE TABLE accounts (
        id                  text PRIMARY KEY,
        name                text NOT NULL,
        plan                text NOT NULL REFERENCES plans,
        status              text NOT NULL DEFAULT 'ACTIVE' CHECK (status IN ('ACTIVE', 'SUSPENDED', 'CLOSED')),
        -- Spendable credits, and those set aside by open holds. Their sum is that of the account's ledger entries.
        available           bigint NOT NULL DEFAULT 0 CHECK (available >= 0),
        held                bigint NOT NULL DEFAULT 0 CHECK (held >= 0),
        requests_per_minute integer CHECK (requests_per_minute >= 0),
        concurrent          integer CHECK (concurrent >= 0),
        per_day             integer CHECK (per_day >= 0),
        created_at          timestamptz NOT NULL DEFAULT now(),
        -- JavaScript counts exactly up to 2^53 - 1.
        CHECK (available + held <= 9007199254740991)
      -- Half of each page is left free, so that a change of balance is a heap-only update.
      ) WITH (fillfactor = 50);

      CREATE TABLE api_keys (
        id         text PRIMARY KEY,
        account_id text NOT NULL REFERENCES accounts,
        hash       bytea NOT NULL UNIQUE CHECK (octet_length(hash) = 32),
        -- The first and the last characters, by which people tell their keys apart.
        prefix     text NOT NULL,
        last_four  text NOT NULL,
        mode       text NOT NULL CHECK (mode IN ('live', 'test')),
        created_at timestamptz NOT NULL DEFAULT now(),
        revoked_at timestamptz
      );
      CREATE INDEX api_keys_by_account ON api_keys (account_id);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE api_keys, accounts, plans');
  }
}
