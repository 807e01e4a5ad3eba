import { outboxTable } from '@doitong/service-kit';
import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateGenerations1763700000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE generations (
        id                text PRIMARY KEY,
        account_id        text NOT NULL,
        mode              text NOT NULL CHECK (mode IN ('live', 'test')),
        type              text NOT NULL CHECK (type IN ('VIDEO', 'IMAGE', 'AUDIO', 'AVATAR')),
        status            text NOT NULL CHECK (status IN ('QUEUED', 'PROCESSING', 'COMPLETED', 'FAILED', 'CANCELLED')),
        provider          text NOT NULL,
        model             text NOT NULL,
        input             jsonb NOT NULL,
        options           jsonb NOT NULL,
        credits           bigint NOT NULL CHECK (credits >= 0),
        expected_seconds  double precision NOT NULL,
        progress          smallint NOT NULL DEFAULT 0 CHECK (progress BETWEEN 0 AND 100),
        routing           jsonb NOT NULL,
        adjustments       jsonb NOT NULL DEFAULT '[]',
        output            jsonb,
        error             jsonb,
        webhook_url       text,
        request_id        text NOT NULL,
        version           integer NOT NULL DEFAULT 1,
        created_at        timestamptz NOT NULL DEFAULT now(),
        started_at        timestamptz,
        completed_at      timestamptz,
        deadline_at       timestamptz NOT NULL,
        CHECK ((status = 'COMPLETED') = (output IS NOT NULL)),
        CHECK ((status = 'FAILED') = (error IS NOT NULL))
      ) WITH (fillfactor = 80);
      CREATE INDEX generations_by_account ON generations (account_id, id DESC);
      CREATE INDEX generations_by_deadline ON generations (deadline_at) WHERE status IN ('QUEUED', 'PROCESSING');

      CREATE TABLE attempts (
        id                    text PRIMARY KEY,
        generation_id         text NOT NULL REFERENCES generations,
        number                smallint NOT NULL,
        family                text NOT NULL,
        status                text NOT NULL
          CHECK (status IN ('CREATED', 'SUBMITTING', 'SUBMITTED', 'ABANDONED', 'COMPLETED', 'FAILED', 'LATE')),
        credential            text,
        task                  jsonb,
        worker_id             text,
        lease_expires_at      timestamptz NOT NULL,
        publishes             integer NOT NULL DEFAULT 1,
        submitting_at         timestamptz,
        reconcile_until       timestamptz,
        failure               jsonb,
        vendor_cost_micro_usd bigint,
        created_at            timestamptz NOT NULL DEFAULT now(),
        finished_at           timestamptz,
        UNIQUE (generation_id, number)
      ) WITH (fillfactor = 80);
      CREATE INDEX attempts_without_lease ON attempts (lease_expires_at)
        WHERE status IN ('CREATED', 'SUBMITTING', 'SUBMITTED', 'ABANDONED');

      CREATE TABLE idempotency_keys (
        account_id    text NOT NULL,
        key           text NOT NULL,
        scope         text NOT NULL,
        body_hash     bytea NOT NULL,
        generation_id text NOT NULL,
        accepted      boolean NOT NULL DEFAULT false,
        named_at      timestamptz NOT NULL DEFAULT now(),
        claimed_at    timestamptz NOT NULL DEFAULT now(),
        expires_at    timestamptz NOT NULL DEFAULT now() + interval '25 hours',
        PRIMARY KEY (account_id, key, scope)
      );
      CREATE INDEX idempotency_keys_by_expiry ON idempotency_keys (expires_at);

      CREATE TABLE families (
        family   text PRIMARY KEY,
        manifest jsonb NOT NULL
      );
      CREATE TABLE workers (
        id      text PRIMARY KEY,
        family  text NOT NULL REFERENCES families,
        modes   jsonb NOT NULL,
        beat_at timestamptz NOT NULL
      );
      ${outboxTable}
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE outbox, workers, families, idempotency_keys, attempts, generations');
  }
}
