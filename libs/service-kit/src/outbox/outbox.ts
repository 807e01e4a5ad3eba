import type { Queryable } from '../persistence/database.js';

/** DDL of the table that `Outbox` uses, for a service's migrations. */
export const outboxTable = `
  CREATE TABLE outbox (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    subject      text NOT NULL,
    item         jsonb NOT NULL,
    request_id   text NOT NULL,
    tries        integer NOT NULL DEFAULT 0,
    available_at timestamptz NOT NULL DEFAULT now()
  ) WITH (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 1000);
  CREATE INDEX outbox_available ON outbox (subject, available_at, id);
`;

/** Something to tell another service: one of the `items` of the request of libs/contracts that has this subject. */
export interface OutboxItem {
  subject: string;
  item: unknown;
}

/** Writes items in the transaction whose outcome they tell. The relay hands them over afterwards, at least once. */
export async function writeOutbox(tx: Queryable, requestId: string, items: OutboxItem[]): Promise<void> {
  await tx.query(
    `INSERT INTO outbox (subject, item, request_id)
     SELECT entry->>'subject', entry->'item', $2 FROM jsonb_array_elements($1::jsonb) AS entry`,
    [JSON.stringify(items), requestId],
  );
}
