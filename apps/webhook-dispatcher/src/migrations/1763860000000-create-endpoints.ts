import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateEndpoints1763860000000 implements MigrationInterface {
  name = 'CreateEndpoints1763860000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE endpoints (
        id               text PRIMARY KEY,
        account_id       text NOT NULL,
        url              text NOT NULL,
        events           text[] NOT NULL,
        paused           boolean NOT NULL DEFAULT false,
        disabled_because text CHECK (disabled_because IN ('GONE', 'FAILING')),
        disabled_at      timestamptz,
        created_at       timestamptz NOT NULL DEFAULT now()
      );
      CREATE INDEX endpoints_of_account ON endpoints (account_id, id);

      -- A secret is an endpoint's, or an account's: its default. The one without expires_at is the newest.
      ALTER TABLE secrets RENAME COLUMN account_id TO owner_id;
      ALTER TABLE secrets DROP CONSTRAINT secrets_pkey, ADD COLUMN expires_at timestamptz;
      CREATE UNIQUE INDEX secrets_newest ON secrets (owner_id) WHERE expires_at IS NULL;
      CREATE INDEX secrets_of_owner ON secrets (owner_id);

      -- endpoint_id is null where it goes to a request's webhookUrl. target: the endpoint's id, or the host of that URL.
      -- tries_before: those that do not count, as they were made before it was asked to be delivered again.
      ALTER TABLE deliveries RENAME COLUMN host TO target;
      ALTER TABLE deliveries ADD COLUMN endpoint_id text, ADD COLUMN tries_before integer NOT NULL DEFAULT 0;
      CREATE INDEX deliveries_of_account ON deliveries (account_id, id);
      CREATE INDEX deliveries_not_delivered ON deliveries (account_id, id) WHERE status <> 'DELIVERED';
      CREATE INDEX deliveries_created ON deliveries (created_at);
      CREATE INDEX events_of_generation ON events ((data->>'id'));
      ALTER TABLE delivery_attempts DROP CONSTRAINT delivery_attempts_delivery_id_fkey,
        ADD FOREIGN KEY (delivery_id) REFERENCES deliveries ON DELETE CASCADE;

      -- silent: attempts in a row that had no answer; many open the circuit. open_until: then, until when nothing goes there.
      -- failing_since: of the failures since the last success the first, failed_at the last. held: its endpoint is paused or disabled.
      ALTER TABLE destinations RENAME COLUMN host TO target;
      ALTER TABLE destinations ADD COLUMN silent integer NOT NULL DEFAULT 0, ADD COLUMN open_until timestamptz,
        ADD COLUMN failing_since timestamptz, ADD COLUMN failed_at timestamptz, ADD COLUMN held boolean NOT NULL DEFAULT false;
      ALTER TABLE destinations ADD COLUMN claim_at timestamptz GENERATED ALWAYS AS (
        CASE WHEN due_at IS NULL OR held THEN NULL ELSE greatest(due_at, open_until) END) STORED;
      DROP INDEX destinations_due;
      CREATE INDEX destinations_claimable ON destinations (claim_at) WHERE claim_at IS NOT NULL;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DELETE FROM secrets WHERE expires_at IS NOT NULL OR owner_id NOT LIKE 'acc_%';
      DROP INDEX secrets_newest, secrets_of_owner;
      ALTER TABLE secrets RENAME COLUMN owner_id TO account_id;
      ALTER TABLE secrets DROP COLUMN expires_at, ADD PRIMARY KEY (account_id);
      DROP TABLE endpoints;
      DROP INDEX events_of_generation, deliveries_of_account, deliveries_not_delivered, deliveries_created, destinations_claimable;
      ALTER TABLE deliveries DROP COLUMN endpoint_id, DROP COLUMN tries_before;
      ALTER TABLE deliveries RENAME COLUMN target TO host;
      ALTER TABLE destinations DROP COLUMN claim_at;
      ALTER TABLE destinations DROP COLUMN silent, DROP COLUMN open_until, DROP COLUMN failing_since, DROP COLUMN failed_at, DROP COLUMN held;
      ALTER TABLE destinations RENAME COLUMN target TO host;
      CREATE INDEX destinations_due ON destinations (due_at) WHERE due_at IS NOT NULL;
    `);
  }
}
