import type { Generation } from '@doitong/contracts';
import { Database } from '@doitong/service-kit';
import { Inject, Injectable } from '@nestjs/common';
import { noteDue } from './destinations.js';

export interface NewDelivery {
  id: string;
  eventId: string;
  accountId: string;
  url: string;
  host: string;
  type: string;
  occurredAt: string;
  data: Generation;
}

/** The first of several of one event in a batch counts. In order of events, so that two batches never deadlock. */
const ADD = `
  WITH given AS (
    SELECT DISTINCT ON ("eventId") * FROM jsonb_to_recordset($1::jsonb) AS given(
      id text, "eventId" text, "accountId" text, url text, host text, type text, "occurredAt" timestamptz, data jsonb)
    ORDER BY "eventId"
  ), fresh AS (
    INSERT INTO events (id, account_id, type, occurred_at, data)
    SELECT "eventId", "accountId", type, "occurredAt", data FROM given
    ON CONFLICT (id) DO NOTHING RETURNING id
  ), added AS (
    INSERT INTO deliveries (id, event_id, account_id, url, host)
    SELECT given.id, "eventId", "accountId", url, host FROM given JOIN fresh ON fresh.id = "eventId"
    RETURNING account_id, host, due_at
  )
  ${noteDue('added')}`;

@Injectable()
export class DeliveriesRepository {
  constructor(@Inject(Database) private readonly database: Database) {}

  async add(deliveries: NewDelivery[]): Promise<void> {
    await this.database.query(ADD, [JSON.stringify(deliveries)]);
  }
}
