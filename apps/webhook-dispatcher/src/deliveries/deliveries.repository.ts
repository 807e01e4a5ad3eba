import type { Generation } from '@doitong/contracts';
import { Database, type Queryable } from '@doitong/service-kit';
import { Injectable } from '@nestjs/common';
import type { Owner } from '../endpoints/endpoints.repository.js';
import { audit, type By } from '../operator/audit.js';
import { noteDue } from './destinations.js';

export interface NewEvent {
  id: string;
  accountId: string;
  type: string;
  occurredAt: string;
  data: Generation;
}

export interface NewDelivery extends Owner {
  id: string;
  eventId: string;
  /** Null where it goes to a request's `webhookUrl`. */
  endpointId: string | null;
  url: string;
  target: string;
}

/**
 * Events in the order of their ids, so that two batches never deadlock. Endpoints are locked: one that is changed, disabled or deleted at
 * the same time is that already, or what is added here is found by whoever does it. What goes to none that is live is a dead
 * letter at once: it can be seen, and delivered later.
 */
const ADD = `
  WITH given AS (
    SELECT * FROM jsonb_to_recordset($2::jsonb) AS given(
      id text, "eventId" text, "accountId" text, mode text, "endpointId" text, url text, target text)
  ), live AS (
    SELECT id, url FROM endpoints WHERE id IN (SELECT "endpointId" FROM given) AND disabled_because IS NULL
    ORDER BY id FOR SHARE
  ), fresh AS (
    INSERT INTO events (id, account_id, type, occurred_at, data)
    SELECT id, "accountId", type, "occurredAt", data FROM jsonb_to_recordset($1::jsonb) AS given(
      id text, "accountId" text, type text, "occurredAt" timestamptz, data jsonb)
    ORDER BY id
    ON CONFLICT (id) DO NOTHING RETURNING id
  ), added AS (
    INSERT INTO deliveries (id, event_id, account_id, mode, endpoint_id, url, target, status)
    SELECT given.id, "eventId", "accountId", mode, "endpointId", coalesce(live.url, given.url), target,
      CASE WHEN "endpointId" IS NULL OR live.id IS NOT NULL THEN 'PENDING' ELSE 'DEAD' END
    FROM given JOIN fresh ON fresh.id = "eventId" LEFT JOIN live ON live.id = "endpointId"
    RETURNING account_id, target, due_at, status
  ), waiting AS (
    SELECT * FROM added WHERE status = 'PENDING'
  )
  ${noteDue('waiting')}`;

@Injectable()
export class DeliveriesRepository {
  constructor(private readonly database: Database) {}

  /** Deliveries of events that are known already are not added. Each event is there once. */
  async add(events: NewEvent[], deliveries: NewDelivery[], on: Queryable = this.database): Promise<void> {
    await on.query(ADD, [JSON.stringify(events), JSON.stringify(deliveries)]);
  }

  addTest(event: NewEvent, delivery: NewDelivery, by: By): Promise<void> {
    return this.database.transaction(async (tx) => {
      await this.add([event], [delivery], tx);
      const { id: deliveryId, accountId, target } = delivery;
      await audit(tx, by, { action: 'webhook.test', target, accountId, after: { deliveryId } });
    });
  }
}
