import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A list is of one mode: however many generations an account has of the other, they are not looked through. */
export class PartModes1763952000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP INDEX generations_by_account;
      CREATE INDEX generations_by_account ON generations (account_id, mode, id DESC);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP INDEX generations_by_account;
      CREATE INDEX generations_by_account ON generations (account_id, id DESC);
    `);
  }
}
