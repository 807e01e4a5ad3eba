import { type WebhookEvent, webhooks } from '@doitong/contracts';
import { MessageBus, migrate } from '@doitong/service-kit';
import { createTestDatabase, eventually, startService, startTestNats } from '@doitong/support';
import { connect } from '@nats-io/transport-node';
import pg from 'pg';
import { persistence } from '../persistence.js';

export const PUBLIC_URL = 'https://api.example.com';
export const ASSET_URL_SECRET = 'a secret of some length';
/** For how long an attempt may last: none ends for that while a test watches. */
const TIMEOUT_MS = 120_000;
/** For how long a claimed delivery is left alone. */
export const LEASE_SECONDS = TIMEOUT_MS / 1_000 + 5;
const ANSWER_MS = 30_000;

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
      WEBHOOK_TIMEOUT_MS: String(TIMEOUT_MS),
      ...env,
    });

  async function deliveryOf({ id }: WebhookEvent) {
    const { rows } = await sql.query<{ id: string; status: string; tries: number; dueInSeconds: number }>(
      `SELECT id, status, tries, extract(epoch FROM due_at - now())::float8 AS "dueInSeconds"
       FROM deliveries WHERE event_id = $1`,
      [id],
    );
    if (rows.length > 1) throw new Error(`${id} has ${rows.length} deliveries`);
    return rows[0];
  }

  return {
    sql,
    startDispatcher,
    enqueue: (...items: WebhookEvent[]) => bus.request(webhooks.enqueue, { items }, ANSWER_MS),
    deliveryOf,
    /** Its delivery, of which there is one, once it has this status. */
    ended: (event: WebhookEvent, status: 'DELIVERED' | 'DEAD') =>
      eventually(
        async () => {
          const delivery = await deliveryOf(event);
          return delivery?.status === status && delivery;
        },
        { timeoutMs: 30_000 },
      ),
    /** The leases of dispatchers that were killed are over. */
    async leasesEnd(): Promise<void> {
      await sql.query(`UPDATE deliveries SET due_at = now() WHERE status = 'PENDING' AND due_at > now()`);
      await sql.query('UPDATE destinations SET due_at = now() WHERE due_at > now()');
    },
    /** Nothing more goes there. */
    async forget(url: string): Promise<void> {
      await sql.query(`UPDATE deliveries SET status = 'DEAD' WHERE url LIKE $1 || '%' AND status = 'PENDING'`, [url]);
    },
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
        `${accountId}/test`,
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
