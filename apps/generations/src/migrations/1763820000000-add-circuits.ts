import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Workers tell which credentials they have, and what fails of them is kept. */
export class AddCircuits1763820000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE workers ADD COLUMN credentials jsonb NOT NULL DEFAULT '{}', DROP COLUMN modes;
      CREATE TABLE circuits (
        family      text NOT NULL,
        credential  text NOT NULL,
        faults      integer NOT NULL DEFAULT 0,
        openings    integer NOT NULL DEFAULT 0,
        opened_at   timestamptz,
        open_until  timestamptz,
        trial_until timestamptz,
        changed_at  timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (family, credential),
        CHECK ((opened_at IS NULL) = (open_until IS NULL))
      );
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP TABLE circuits;
      ALTER TABLE workers ADD COLUMN modes jsonb NOT NULL DEFAULT '[]', DROP COLUMN credentials;
    `);
  }
}
