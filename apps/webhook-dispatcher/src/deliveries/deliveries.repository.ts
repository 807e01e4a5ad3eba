import type { Generation } from '@doitong/contracts';
import { Database } from '@doitong/service-kit';
import { Inject, Injectable } from '@nestjs/common';
import { noteDue } from './destinations.js';

export interface NewEvent {
  id: string;
  accountId: string;
  type: string;
  occurredAt: string;
  data: Generation;
}

export interface NewDelivery {
  id: string;
  eventId: string;
  accountId: string;
  /** Null where it goes to a request's `webhookUrl`. */
  endpointId: string | null;
  url: string;
  target: string;
  status: 'PENDING' | 'DEAD';
}

/** Events in the order of their ids, so that two batches never deadlock. */
const ADD = `
  WITH fresh AS (
    INSERT INTO events (id, account_id, type, occurred_at, data)
    SELECT id, "accountId", type, "occurredAt", data FROM jsonb_to_recordset($1::jsonb) AS given(
      id text, "accountId" text, type text, "occurredAt" timestamptz, data jsonb)
    ORDER BY id
    ON CONFLICT (id) DO NOTHING RETURNING id
  ), added AS (
    INSERT INTO deliveries (id, event_id, account_id, endpoint_id, url, target, status)
    SELECT given.id, "eventId", "accountId", "endpointId", url, target, status FROM jsonb_to_recordset($2::jsonb) AS given(
      id text, "eventId" text, "accountId" text, "endpointId" text, url text, target text, status text)
    JOIN fresh ON fresh.id = "eventId"
    RETURNING account_id, target, due_at, status
  ), waiting AS (
    SELECT * FROM added WHERE status = 'PENDING'
  )
  ${noteDue('waiting')}`;

@Injectable()
export class DeliveriesRepository {
  constructor(@Inject(Database) private readonly database: Database) {}

  /** Deliveries of events that are known already are not added. Each event is there once. */
  async add(events: NewEvent[], deliveries: NewDelivery[]): Promise<void> {
    await this.database.query(ADD, [JSON.stringify(events), JSON.stringify(deliveries)]);
  }
}
