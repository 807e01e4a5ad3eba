import type { MigrationInterface, QueryRunner } from 'typeorm';

export class AddModelHealth1763830000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE model_health (
        provider  text NOT NULL,
        model     text NOT NULL,
        successes double precision NOT NULL DEFAULT 0,
        failures  double precision NOT NULL DEFAULT 0,
        seconds   double precision NOT NULL DEFAULT 0,
        at        timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (provider, model)
      ) WITH (fillfactor = 50)
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE model_health');
  }
}
