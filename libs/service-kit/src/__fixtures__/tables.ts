import type { MigrationInterface, QueryRunner } from 'typeorm';
import { outboxTable } from '../outbox/outbox.js';
import type { Persistence } from '../persistence/data-source.js';

class CreateSeeds1700000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('CREATE TABLE seeds (id integer PRIMARY KEY, planted bigint NOT NULL DEFAULT 0)');
  }
  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE seeds');
  }
}

class CreateOutbox1700000000001 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(outboxTable);
  }
  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE outbox');
  }
}

/** The tables of a made-up service. */
export const persistence: Persistence = {
  schema: 'garden',
  migrations: [CreateSeeds1700000000000, CreateOutbox1700000000001],
};
