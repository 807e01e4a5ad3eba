import type { ReplyOf, Request, RequestOf } from '@doitong/contracts';
import { Ids, loadConfig, MessageBus, migrate, startService } from '@doitong/service-kit';
import { createTestDatabase, startTestNats } from '@doitong/support';
import { connect } from '@nats-io/transport-node';
import pg from 'pg';
import { persistence, RateLimitConfig, RateLimitModule } from '../app.module.js';

/** Rate-limit in this process, on a database and a nats-server of its own, as its callers see it. */
export interface TestRateLimit {
  ids: Ids;
  bus: MessageBus;
  ask<M extends Request>(message: M, body: RequestOf<M>): Promise<ReplyOf<M>>;
  /** SQL behind the service's back. */
  sql<Row extends object>(text: string, values?: unknown[]): Promise<Row[]>;
  stop(): Promise<void>;
}

/** Ample: hundreds of racing requests on a busy machine. */
const ANSWER_MS = 20_000;

export async function startRateLimit(settings: Record<string, string> = {}): Promise<TestRateLimit> {
  const [database, nats] = await Promise.all([createTestDatabase(), startTestNats()]);
  await migrate(persistence, database.url);
  const env = { DATABASE_URL: database.url, NATS_URL: nats.url, LOG_LEVEL: 'silent', ...settings };
  const config = loadConfig(RateLimitConfig, env);
  const service = await startService({
    name: 'rate-limit',
    modules: [RateLimitModule.register(config)],
    host: config.HOST,
    port: 0,
    natsUrl: config.NATS_URL,
    logLevel: config.LOG_LEVEL,
  });
  const connection = await connect({ servers: nats.url });
  const bus = new MessageBus(connection);
  const client = new pg.Pool({ connectionString: database.url, options: '-c search_path=rate_limit', max: 1 });

  return {
    ids: new Ids(),
    bus,
    ask: (message, body) => bus.request(message, body, ANSWER_MS),
    sql: async (text, values) => (await client.query(text, values)).rows,
    stop: async () => {
      await connection.close();
      await client.end();
      await service.stop();
      await Promise.all([database.drop(), nats.stop()]);
    },
  };
}
