import { type AuditedChange, Database } from '@doitong/service-kit';
import { Injectable } from '@nestjs/common';
import { FORGET_FAILURES, type Owner } from '../endpoints/endpoints.repository.js';
import { audit, type By } from '../operator/audit.js';
import { noteDue } from './destinations.js';

export interface Redelivered {
  since: string;
  endpointId: string | null;
  includeDelivered: boolean;
}

interface Again {
  id: string;
  account_id: string;
  target: string;
}

/** Before the deliveries, as whoever disables or deletes an endpoint does: what is made due here is found by them. */
const LOCK_ENDPOINTS = `
  SELECT FROM endpoints WHERE id IN (SELECT endpoint_id FROM deliveries WHERE id = ANY($1::text[])) ORDER BY id FOR SHARE`;

/** Not where the endpoint is disabled, or is there no more; to the URL that it has now. */
const AGAIN = `
  WITH chosen AS (
    SELECT deliveries.id, coalesce(endpoints.url, deliveries.url) AS url
    FROM deliveries LEFT JOIN endpoints ON endpoints.id = endpoint_id
    WHERE deliveries.account_id = $1 AND deliveries.mode = $3 AND deliveries.id = ANY($2::text[])
      AND (endpoint_id IS NULL OR (endpoints.id IS NOT NULL AND disabled_because IS NULL))
    ORDER BY deliveries.id FOR UPDATE OF deliveries
  )
  UPDATE deliveries SET status = 'PENDING', due_at = now(), tries_before = tries, url = chosen.url
  FROM chosen WHERE deliveries.id = chosen.id RETURNING deliveries.id, account_id, target`;

const NOTE = noteDue(
  `(SELECT *, now() AS due_at FROM unnest($1::text[], $2::text[]) AS again(account_id, target)) AS again`,
);

@Injectable()
export class RedeliveryRepository {
  constructor(private readonly database: Database) {}

  /** Ids of up to `most` that were made since, behind `after`. */
  async since(
    { accountId, mode }: Owner,
    { since, endpointId, includeDelivered }: Redelivered,
    after: string,
    most: number,
  ): Promise<string[]> {
    const rows = await this.database.query<{ id: string }>(
      `SELECT id FROM deliveries WHERE account_id = $1 AND mode = $6 AND created_at >= $2 AND id > $3
         AND ($4::text IS NULL OR endpoint_id = $4) ${includeDelivered ? '' : `AND status <> 'DELIVERED'`}
       ORDER BY id LIMIT $5`,
      [accountId, since, after, endpointId, most, mode],
    );
    return rows.map(({ id }) => id);
  }

  /** Makes them due, with a schedule and a circuit that begin anew. Tells how many. `change`: what is audited of that. */
  again({ accountId, mode }: Owner, ids: string[], by: By, change: (count: number) => AuditedChange): Promise<number> {
    return this.database.transaction(async (tx) => {
      await tx.query(LOCK_ENDPOINTS, [ids]);
      const again = await tx.query<Again>(AGAIN, [accountId, ids, mode]);
      const destinations = [again.map(({ account_id }) => account_id), again.map(({ target }) => target)];
      await tx.query(NOTE, destinations);
      await tx.query(FORGET_FAILURES, destinations);
      if (again.length > 0) await audit(tx, by, change(again.length));
      return again.length;
    });
  }
}
