import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Both are rewritten many times a row: dead versions must go before they slow the claim down. */
const VACUUM_OFTEN = 'WITH (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 1000)';

export class CreateDeliveries1763700000000 implements MigrationInterface {
  name = 'CreateDeliveries1763700000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE events (
        id          text PRIMARY KEY,
        account_id  text NOT NULL,
        type        text NOT NULL,
        occurred_at timestamptz NOT NULL,
        data        jsonb NOT NULL
      );

      -- due_at: when a PENDING delivery is to be claimed. While it is claimed, when its lease ends.
      CREATE TABLE deliveries (
        id         text PRIMARY KEY,
        event_id   text NOT NULL REFERENCES events,
        account_id text NOT NULL,
        url        text NOT NULL,
        host       text NOT NULL,
        status     text NOT NULL DEFAULT 'PENDING' CHECK (status IN ('PENDING', 'DELIVERED', 'DEAD')),
        tries      integer NOT NULL DEFAULT 0,
        due_at     timestamptz NOT NULL DEFAULT now(),
        created_at timestamptz NOT NULL DEFAULT now()
      ) ${VACUUM_OFTEN};
      CREATE INDEX deliveries_due ON deliveries (account_id, host, due_at) WHERE status = 'PENDING';
      CREATE INDEX deliveries_of_event ON deliveries (event_id);

      -- Where an account's deliveries go. Invariant: due_at is never later than that of any PENDING delivery to it.
      CREATE TABLE destinations (
        account_id text NOT NULL,
        host       text NOT NULL,
        due_at     timestamptz,
        PRIMARY KEY (account_id, host)
      ) ${VACUUM_OFTEN};
      CREATE INDEX destinations_due ON destinations (due_at) WHERE due_at IS NOT NULL;

      CREATE TABLE delivery_attempts (
        delivery_id text NOT NULL REFERENCES deliveries,
        number      integer NOT NULL,
        at          timestamptz NOT NULL,
        status      integer,
        latency_ms  integer NOT NULL,
        error       text,
        answer      text,
        PRIMARY KEY (delivery_id, number)
      );

      CREATE TABLE secrets (
        account_id text PRIMARY KEY,
        secret     text NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now()
      );
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE delivery_attempts, deliveries, events, destinations, secrets');
  }
}
