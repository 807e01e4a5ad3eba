import type { ReplyOf, Request, RequestOf } from '@doitong/contracts';
import {
  type CommonConfig,
  Ids,
  loadConfig,
  MessageBus,
  migrate,
  type Persistence,
  type RunningService,
  startService,
} from '@doitong/service-kit';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import type { DynamicModule } from '@nestjs/common';
import pg from 'pg';
import type { Static, TObject } from 'typebox';
import { createTestDatabase } from './test-database.js';
import { startTestNats, type TestNats } from './test-nats.js';

/** What a service with tables is made of, as its `app.module.ts` exports it. */
interface ServiceParts<Config extends TObject> {
  name: string;
  config: Config;
  module: { register(config: Static<Config>): DynamicModule };
  persistence: Persistence;
}

/** A service in this process, on a database and a nats-server of its own, as its callers see it. */
export interface OwnService {
  ids: Ids;
  nats: TestNats;
  connection: NatsConnection;
  bus: MessageBus;
  pool: pg.Pool;
  ask<M extends Request>(message: M, body: RequestOf<M>): Promise<ReplyOf<M>>;
  /** SQL behind the service's back. */
  sql<Row extends object>(text: string, values?: unknown[]): Promise<Row[]>;
  /** Starts a replica: the service runs once one has started. */
  startReplica(): Promise<RunningService>;
  stop(): Promise<void>;
}

/** Ample: hundreds of racing requests on a busy machine. */
const ANSWER_MS = 25_000;

/** Makes the tables and all that a service needs, and starts none of it yet. */
export async function prepareService<Config extends TObject>(
  { name, config: schema, module, persistence }: ServiceParts<Config>,
  settings: Record<string, string> = {},
): Promise<OwnService> {
  const [database, nats] = await Promise.all([createTestDatabase(), startTestNats()]);
  await migrate(persistence, database.url);
  const config = loadConfig(schema, {
    DATABASE_URL: database.url,
    NATS_URL: nats.url,
    LOG_LEVEL: 'silent',
    ...settings,
  });
  const { HOST, NATS_URL, LOG_LEVEL } = config as CommonConfig;
  const connection = await connect({ servers: nats.url, maxReconnectAttempts: -1, reconnectTimeWait: 50 });
  const bus = new MessageBus(connection);
  const options = `-c search_path=${persistence.schema}`;
  const pool = new pg.Pool({ connectionString: database.url, options, max: 2 });
  const replicas: RunningService[] = [];

  return {
    ids: new Ids(),
    nats,
    connection,
    bus,
    pool,
    ask: (message, body) => bus.request(message, body, ANSWER_MS),
    sql: async (text, values) => (await pool.query(text, values)).rows,
    async startReplica() {
      const modules = [module.register(config)];
      const replica = await startService({
        name,
        modules,
        host: HOST,
        port: 0,
        management: { host: HOST, port: 0 },
        natsUrl: NATS_URL,
        logLevel: LOG_LEVEL,
      });
      replicas.push(replica);
      return replica;
    },
    async stop() {
      for (const replica of replicas) await replica.stop();
      await connection.close();
      await pool.end();
      await Promise.all([database.drop(), nats.stop()]);
    },
  };
}
