import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Prices in place of the catalogue's; and with each generation the plan that its account was on, which decides the price of a model that it moves to. */
export class LetOperatorsSetPrices1763920000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE price_overrides (
        id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        account_id  text,
        plan        text CHECK (plan IN ('FREE', 'STARTER', 'PRO', 'ENTERPRISE')),
        provider    text NOT NULL,
        model       text,
        price       jsonb NOT NULL,
        valid_from  timestamptz NOT NULL,
        valid_until timestamptz CHECK (valid_until >= valid_from),
        CHECK ((account_id IS NULL) <> (plan IS NULL))
      );
      ALTER TABLE generations ADD COLUMN plan text CHECK (plan IN ('FREE', 'STARTER', 'PRO', 'ENTERPRISE'));
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE price_overrides; ALTER TABLE generations DROP COLUMN plan');
  }
}
