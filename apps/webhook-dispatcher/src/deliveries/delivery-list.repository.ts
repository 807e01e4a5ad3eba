import type { DeliveriesFilter, Delivery } from '@doitong/contracts';
import { Database } from '@doitong/service-kit';
import { Injectable } from '@nestjs/common';
import type { Owner } from '../endpoints/endpoints.repository.js';

type Row = Omit<Delivery, 'createdAt' | 'nextAttemptAt'> & { createdAt: Date; nextAttemptAt: Date | null };

const MOST_ATTEMPTS = 50;

/** In one statement, so that a delivery and its attempts are of the same moment. */
const SELECT = `
  SELECT deliveries.id, mode, event_id AS "eventId", type AS "eventType", events.data->>'id' AS "generationId",
    endpoint_id AS "endpointId", url, status, deliveries.created_at AS "createdAt",
    CASE WHEN status = 'PENDING' AND NOT coalesce(held, false) THEN greatest(deliveries.due_at, open_until) END AS "nextAttemptAt",
    coalesce((
      SELECT json_agg(attempt ORDER BY number) FROM (
        SELECT number, to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS at, attempts.status,
          latency_ms AS "latencyMs", error, answer
        FROM delivery_attempts AS attempts WHERE delivery_id = deliveries.id ORDER BY number DESC LIMIT ${MOST_ATTEMPTS}
      ) AS attempt), '[]') AS attempts
  FROM deliveries JOIN events ON events.id = event_id
    LEFT JOIN destinations AS known ON known.account_id = deliveries.account_id AND known.target = deliveries.target
  WHERE deliveries.account_id = $1 AND mode = $2`;

/** Deliveries with their attempts, as customers see them. */
@Injectable()
export class DeliveryListRepository {
  constructor(private readonly database: Database) {}

  async ownerOf(id: string): Promise<Owner | undefined> {
    const sql = 'SELECT account_id AS "accountId", mode FROM deliveries WHERE id = $1';
    const [row] = await this.database.query<Owner>(sql, [id]);
    return row;
  }

  async find({ accountId, mode }: Owner, id: string): Promise<Delivery | undefined> {
    const [row] = await this.database.query<Row>(`${SELECT} AND deliveries.id = $3`, [accountId, mode, id]);
    return row && toDelivery(row);
  }

  /** The newest `count`, newest first. */
  async list(
    { accountId, mode }: Owner,
    filter: DeliveriesFilter,
    after: string | undefined,
    count: number,
  ): Promise<Delivery[]> {
    const values: unknown[] = [accountId, mode];
    const bound = (value: unknown) => `$${values.push(value)}`;
    const { status, endpointId, generationId, since } = filter;
    const conditions = [
      ...(status ? [`status = ANY(${bound(status)}::text[])`] : []),
      // Has an index of its own.
      ...(status && !status.includes('DELIVERED') ? [`status <> 'DELIVERED'`] : []),
      ...(endpointId ? [`endpoint_id = ${bound(endpointId)}`] : []),
      ...(generationId ? [`events.data->>'id' = ${bound(generationId)}`] : []),
      ...(since ? [`deliveries.created_at >= ${bound(since)}`] : []),
      ...(after ? [`deliveries.id < ${bound(after)}`] : []),
    ];
    const where = conditions.map((condition) => ` AND ${condition}`).join('');
    const sql = `${SELECT}${where} ORDER BY deliveries.id DESC LIMIT ${bound(count)}`;
    return (await this.database.query<Row>(sql, values)).map(toDelivery);
  }
}

const toDelivery = ({ createdAt, nextAttemptAt, ...row }: Row): Delivery => ({
  ...row,
  createdAt: createdAt.toISOString(),
  nextAttemptAt: nextAttemptAt?.toISOString() ?? null,
});
