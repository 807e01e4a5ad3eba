import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The double-entry ledger. A posting is all entries of one (kind, reference) and sums to 0; the table takes nothing but
 * whole postings. `ledger_account` is an account's id or one of our own: `house:top-ups`, `house:revenue`.
 */
export class CreateLedger1763700000001 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE ledger_entries (
        id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        kind           text NOT NULL CHECK (kind IN ('TOP_UP', 'CAPTURE')),
        reference      text NOT NULL,
        ledger_account text NOT NULL CHECK (ledger_account ~ '^(acc_|house:)'),
        credits        bigint NOT NULL CHECK (credits <> 0),
        created_at     timestamptz NOT NULL DEFAULT now(),
        -- A posting happens once.
        UNIQUE (kind, reference, ledger_account)
      );

      CREATE FUNCTION refuse_ledger_change() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        RAISE EXCEPTION 'ledger entries are only ever added (%)', TG_OP USING ERRCODE = 'restrict_violation';
      END $$;
      CREATE TRIGGER ledger_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_entries
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_ledger_change();
      -- Not even for a session that plays replica.
      ALTER TABLE ledger_entries ENABLE ALWAYS TRIGGER ledger_is_append_only;

      CREATE FUNCTION refuse_unbalanced_posting() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        IF EXISTS (SELECT FROM posted GROUP BY kind, reference HAVING sum(credits) <> 0) THEN
          RAISE EXCEPTION 'a posting does not balance' USING ERRCODE = 'check_violation';
        END IF;
        RETURN NULL;
      END $$;
      CREATE TRIGGER ledger_postings_balance AFTER INSERT ON ledger_entries
        REFERENCING NEW TABLE AS posted FOR EACH STATEMENT EXECUTE FUNCTION refuse_unbalanced_posting();
      ALTER TABLE ledger_entries ENABLE ALWAYS TRIGGER ledger_postings_balance;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE ledger_entries');
    await runner.query('DROP FUNCTION refuse_ledger_change, refuse_unbalanced_posting');
  }
}
