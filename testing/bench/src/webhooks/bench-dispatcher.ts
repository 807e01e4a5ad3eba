import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { type WebhookEvent, webhooks } from '@doitong/contracts';
import { startPostgres } from '@doitong/local-servers';
import { Ids, MessageBus, migrate } from '@doitong/service-kit';
import { createTestDatabase, startService, startTestNats, temporaryFolder } from '@doitong/support';
import { persistence } from '@doitong/webhook-dispatcher/persistence';
import { connect } from '@nats-io/transport-node';
import pg from 'pg';

interface Seen {
  count: number;
  arrivals: Map<string, number>;
}

/** A dispatcher as it is deployed, on a PostgreSQL that keeps what it commits, and a receiver beside it. */
export async function startBenchDispatcher() {
  const folder = await temporaryFolder();
  const postgres = await startPostgres({ directory: `${folder.path}/postgres` });
  process.env.DOITONG_TEST_POSTGRES_URL = postgres.url;
  const [database, nats] = await Promise.all([createTestDatabase(), startTestNats()]);
  await migrate(persistence, database.url);
  const sql = new pg.Pool({ connectionString: database.url, options: '-c search_path=webhooks' });
  const connection = await connect({ servers: nats.url });
  const bus = new MessageBus(connection);
  const receiver = new Worker(new URL('./receiver/main.js', import.meta.url));
  const [port] = (await once(receiver, 'message')) as [number];
  const service = await startService('webhook-dispatcher', {
    DATABASE_URL: database.url,
    NATS_URL: nats.url,
    PUBLIC_URL: 'https://api.example.com',
    ASSET_URL_SECRET: 'a secret of the benchmarks',
    WEBHOOK_ALLOW_HTTP: 'true',
    WEBHOOK_ALLOW_LOOPBACK: 'true',
    LOG_LEVEL: 'warn',
  });

  return {
    sql,
    pid: service.pid,
    receiverUrl: `http://127.0.0.1:${port}`,
    async enqueue(items: WebhookEvent[]): Promise<void> {
      for (let at = 0; at < items.length; at += BATCH) {
        await bus.request(webhooks.enqueue, { items: items.slice(at, at + BATCH) });
      }
    },
    async seen(): Promise<Seen> {
      receiver.postMessage('?');
      const [seen] = (await once(receiver, 'message')) as [Seen];
      return seen;
    },
    async stop(): Promise<void> {
      await service.kill();
      await receiver.terminate();
      await Promise.all([connection.close(), sql.end()]);
      await Promise.all([database.drop(), nats.stop()]);
      await postgres.stop();
      await folder.remove();
    },
  };
}

const BATCH = 250;
const ids = new Ids();

export type BenchDispatcher = Awaited<ReturnType<typeof startBenchDispatcher>>;

export function anEvent(accountId: string, url: string): WebhookEvent {
  const at = new Date().toISOString();
  return {
    id: ids.next('evt'),
    accountId,
    url,
    type: 'generation.completed',
    data: {
      id: ids.next('gen'),
      accountId,
      mode: 'live',
      type: 'IMAGE',
      status: 'COMPLETED',
      progress: 100,
      provider: 'flux-pro',
      model: 'flux-pro-1.1',
      creditCost: 40,
      estimatedTime: 8,
      metadata: { width: 1_024, height: 768, format: 'png', size: 51_200, model: 'flux-pro-1.1', adjustments: [] },
      assetKey: `${accountId}/picture.png`,
      error: null,
      routing: { reason: 'chosen by the caller', candidates: [] },
      createdAt: at,
      startedAt: at,
      completedAt: at,
      version: 4,
    },
  };
}

export const someAccounts = (count: number): string[] => Array.from({ length: count }, () => ids.next('acc'));
