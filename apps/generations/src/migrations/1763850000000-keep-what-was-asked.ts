import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What a choice is made from, kept with the generation, and each attempt's model: so the choice can be made again without those
 * that were tried. What was accepted before stays where it is, as if its caller had named the provider.
 */
export class KeepWhatWasAsked1763850000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE generations ADD COLUMN asked jsonb;
      UPDATE generations SET asked = jsonb_build_object('provider', provider);
      ALTER TABLE generations ALTER COLUMN asked SET NOT NULL;

      ALTER TABLE attempts ADD COLUMN provider text, ADD COLUMN model text;
      UPDATE attempts a SET provider = g.provider, model = g.model FROM generations g WHERE g.id = a.generation_id;
      ALTER TABLE attempts ALTER COLUMN provider SET NOT NULL, ALTER COLUMN model SET NOT NULL;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE generations DROP COLUMN asked');
    await runner.query('ALTER TABLE attempts DROP COLUMN provider, DROP COLUMN model');
  }
}
