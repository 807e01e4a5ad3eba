import type { MigrationInterface, QueryRunner } from 'typeorm';

/** One statement decides on several checks: a row tells what it was asked, and how many of them it admitted. Forgets a minute's counts. */
export class ShareWindowStatements1763900000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      TRUNCATE windows;
      ALTER TABLE windows
        -- The latest statement: so many checks, each of this cost against this limit, of which the first were admitted.
        ADD COLUMN checks   integer NOT NULL,
        ADD COLUMN cost     integer NOT NULL CHECK (cost > 0),
        ADD COLUMN most     integer NOT NULL,
        DROP COLUMN admitted,
        ADD COLUMN admitted integer NOT NULL CHECK (admitted BETWEEN 0 AND checks);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      TRUNCATE windows;
      ALTER TABLE windows DROP COLUMN checks, DROP COLUMN cost, DROP COLUMN most, DROP COLUMN admitted,
        ADD COLUMN admitted boolean NOT NULL;
    `);
  }
}
