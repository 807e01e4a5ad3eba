import type { DeliveriesFilter, Delivery, DeliveryAttempt, DeliveryStatus } from '@doitong/contracts';
import { Database } from '@doitong/service-kit';
import { Inject, Injectable } from '@nestjs/common';

interface Row {
  id: string;
  event_id: string;
  type: string;
  generation_id: string;
  endpoint_id: string | null;
  url: string;
  status: DeliveryStatus;
  created_at: Date;
  next_at: Date | null;
}

type AttemptRow = Omit<DeliveryAttempt, 'at'> & { deliveryId: string; at: Date };

const MOST_ATTEMPTS = 50;

const SELECT = `
  SELECT deliveries.id, event_id, type, events.data->>'id' AS generation_id, endpoint_id, url, status, deliveries.created_at,
    CASE WHEN status = 'PENDING' AND NOT coalesce(held, false) THEN greatest(deliveries.due_at, open_until) END AS next_at
  FROM deliveries JOIN events ON events.id = event_id
    LEFT JOIN destinations AS known ON known.account_id = deliveries.account_id AND known.target = deliveries.target
  WHERE deliveries.account_id = $1`;

const ATTEMPTS = `
  SELECT delivery_id AS "deliveryId", number, at, status, latency_ms AS "latencyMs", error, answer FROM (
    SELECT *, row_number() OVER (PARTITION BY delivery_id ORDER BY number DESC) AS back
    FROM delivery_attempts WHERE delivery_id = ANY($1::text[])
  ) AS attempts
  WHERE back <= ${MOST_ATTEMPTS} ORDER BY number`;

/** Deliveries with their attempts, as customers see them. */
@Injectable()
export class DeliveryListRepository {
  constructor(@Inject(Database) private readonly database: Database) {}

  async find(accountId: string, id: string): Promise<Delivery | undefined> {
    const [found] = await this.withAttempts(
      await this.database.query<Row>(`${SELECT} AND deliveries.id = $2`, [accountId, id]),
    );
    return found;
  }

  /** The newest `count`, newest first. */
  async list(
    accountId: string,
    filter: DeliveriesFilter,
    after: string | undefined,
    count: number,
  ): Promise<Delivery[]> {
    const values: unknown[] = [accountId];
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
    return this.withAttempts(await this.database.query<Row>(sql, values));
  }

  private async withAttempts(rows: Row[]): Promise<Delivery[]> {
    if (rows.length === 0) return [];
    const attempts = await this.database.query<AttemptRow>(ATTEMPTS, [rows.map(({ id }) => id)]);
    const byDelivery = new Map<string, DeliveryAttempt[]>(rows.map(({ id }) => [id, []]));
    for (const { deliveryId, at, ...attempt } of attempts) {
      byDelivery.get(deliveryId)?.push({ ...attempt, at: at.toISOString() });
    }
    return rows.map((row) => ({
      id: row.id,
      eventId: row.event_id,
      eventType: row.type,
      generationId: row.generation_id,
      endpointId: row.endpoint_id,
      url: row.url,
      status: row.status,
      createdAt: row.created_at.toISOString(),
      nextAttemptAt: row.next_at?.toISOString() ?? null,
      attempts: byDelivery.get(row.id)!,
    }));
  }
}
