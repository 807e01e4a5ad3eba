import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The price of what is charged for by a length that is not known from the start; null where the credits are exact. */
export class PriceByLength1763942000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE generations ADD COLUMN metered jsonb;
      ALTER TABLE quotes ADD COLUMN metered jsonb;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE quotes DROP COLUMN metered;
      ALTER TABLE generations DROP COLUMN metered;
    `);
  }
}
