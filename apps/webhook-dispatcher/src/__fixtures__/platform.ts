import { type WebhookEvent, webhooks } from '@doitong/contracts';
import { MessageBus, migrate } from '@doitong/service-kit';
import { createTestDatabase, eventually, startService, startTestNats } from '@doitong/support';
import { connect } from '@nats-io/transport-node';
import pg from 'pg';
import { persistence } from '../persistence.js';

export const PUBLIC_URL = 'https://api.example.com';
export const ASSET_URL_SECRET = 'a secret of some length';

interface KeptAttempt {
  number: number;
  status: number | null;
  error: string | null;
  answer: string | null;
}

/** A database and a NATS of the suite's own, dispatchers on them as processes, and a look into their tables. */
export async function openPlatform() {
  const [database, nats] = await Promise.all([createTestDatabase(), startTestNats()]);
  await migrate(persistence, database.url);
  const connection = await connect({ servers: nats.url });
  const bus = new MessageBus(connection);
  const sql = new pg.Pool({ connectionString: database.url, options: '-c search_path=webhooks' });

  /** Waits between tries are a billionth: what failed is due again at the next look. */
  const startDispatcher = (env: Record<string, string> = {}) =>
    startService('webhook-dispatcher', {
      DATABASE_URL: database.url,
      NATS_URL: nats.url,
      PUBLIC_URL,
      ASSET_URL_SECRET,
      WEBHOOK_ALLOW_HTTP: 'true',
      WEBHOOK_ALLOW_LOOPBACK: 'true',
      WEBHOOK_RETRY_SCALE: '0.000000001',
      WEBHOOK_HOST_CONCURRENCY: '2',
      ...env,
    });

  async function deliveryOf({ id }: WebhookEvent) {
    const { rows } = await sql.query<{ id: string; status: string; tries: number; due: boolean }>(
      'SELECT id, status, tries, due_at <= now() AS due FROM deliveries WHERE event_id = $1',
      [id],
    );
    return rows[0];
  }

  return {
    sql,
    startDispatcher,
    enqueue: (...items: WebhookEvent[]) => bus.request(webhooks.enqueue, { items }),
    deliveryOf,
    /** Its delivery, once it has this status. */
    ended: (event: WebhookEvent, status: 'DELIVERED' | 'DEAD') =>
      eventually(
        async () => {
          const delivery = await deliveryOf(event);
          return delivery?.status === status && delivery;
        },
        { timeoutMs: 15_000 },
      ),
    async attemptsOf({ id }: WebhookEvent): Promise<KeptAttempt[]> {
      const { rows } = await sql.query<KeptAttempt>(
        `SELECT number, attempts.status, error, answer
         FROM delivery_attempts AS attempts JOIN deliveries ON deliveries.id = delivery_id
         WHERE event_id = $1 ORDER BY number`,
        [id],
      );
      return rows;
    },
    async secretOf({ accountId }: WebhookEvent): Promise<string> {
      const { rows } = await sql.query('SELECT secret FROM secrets WHERE owner_id = $1 AND expires_at IS NULL', [
        accountId,
      ]);
      return rows[0].secret;
    },
    async close(): Promise<void> {
      await connection.close();
      await sql.end();
      await nats.stop();
      await database.drop();
    },
  };
}

export type Platform = Awaited<ReturnType<typeof openPlatform>>;
