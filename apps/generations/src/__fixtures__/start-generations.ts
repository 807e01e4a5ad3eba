import {
  catalog,
  DoitongError,
  type ErrorBody,
  type FamilyManifest,
  type Generation,
  generations,
  type Mode,
  type RequestOf,
} from '@doitong/contracts';
import { Ids, loadConfig, MessageBus, migrate, type RunningService, startService } from '@doitong/service-kit';
import { createTestDatabase, startTestNats } from '@doitong/support';
import { connect } from '@nats-io/transport-node';
import pg from 'pg';
import { GenerationsConfig, GenerationsModule, persistence } from '../app.module.js';
import { aFamily, aProvider, aRequest } from './manifests.js';
import { StandIns } from './stand-ins.js';

type Create = RequestOf<typeof generations.create>;

const LIMITS = { requestsPerMinute: 60, concurrent: 10, perDay: null };

/** Generations in this process, with stand-ins for those that it asks, on a database and a nats-server of its own. */
export async function startGenerations(settings: Record<string, string> = {}) {
  const [database, nats] = await Promise.all([createTestDatabase(), startTestNats()]);
  await migrate(persistence, database.url);
  const config = loadConfig(GenerationsConfig, {
    DATABASE_URL: database.url,
    NATS_URL: nats.url,
    // Nothing is swept unless a suite asks for it.
    SWEEP_MS: '3600000',
    ...settings,
  });
  const connection = await connect({ servers: nats.url, maxReconnectAttempts: -1, reconnectTimeWait: 50 });
  const standIns = new StandIns(connection);
  await connection.flush();
  const bus = new MessageBus(connection);
  const pool = new pg.Pool({ connectionString: database.url, options: '-c search_path=generations', max: 2 });
  const replicas: RunningService[] = [];
  const start = async () => {
    const replica = await startService({
      name: 'generations',
      modules: [GenerationsModule.register(config)],
      host: config.HOST,
      port: 0,
      natsUrl: config.NATS_URL,
      logLevel: 'silent',
    });
    replicas.push(replica);
    return replica;
  };
  const service = await start();
  const ids = new Ids();
  const accountId = ids.next('acc');

  const announce = (manifest: FamilyManifest, workerId = 'worker', modes: Mode[] = ['live', 'test']) =>
    bus.request(catalog.announce, { workerId, modes, manifest });
  await announce(aFamily('painters', aProvider('brush')));

  const create = (changes: Partial<Create> = {}): Promise<Generation> =>
    bus.request(
      generations.create,
      { accountId, mode: 'test', limits: LIMITS, input: aRequest({ provider: 'brush' }), ...changes },
      25_000,
    );
  const sql = async <Row extends object>(text: string, values?: unknown[]): Promise<Row[]> =>
    (await pool.query(text, values)).rows;

  return {
    accountId,
    announce,
    bus,
    config,
    connection,
    create,
    ids,
    nats,
    service,
    /** SQL behind the service's back. */
    sql,
    /** A connection for a transaction; release it. */
    connect: () => pool.connect(),
    standIns,
    /** Another replica on the same database and nats-server. */
    startReplica: start,
    /** One customer's request under an idempotency key, sent as often as it is called. */
    keyed:
      (key: string, changes: Partial<Create> = {}, scope = 'generate') =>
      () =>
        create({ idempotency: { key, scope }, ...changes }),
    async count(table: string): Promise<number> {
      return (await sql<{ many: number }>(`SELECT count(*)::int AS many FROM ${table}`))[0]!.many;
    },
    /** Forgets all generations. */
    clear: () => sql('TRUNCATE generations, attempts, idempotency_keys, outbox'),
    /** A generation that is accepted, and its first attempt. */
    async accepted(changes?: Partial<Create>) {
      const { id } = await create(changes);
      const [attempt] = await sql<{ id: string }>('SELECT id FROM attempts WHERE generation_id = $1', [id]);
      return { id, attemptId: attempt!.id };
    },
    async stop() {
      for (const replica of replicas) await replica.stop();
      await connection.close();
      await pool.end();
      await Promise.all([database.drop(), nats.stop()]);
    },
  };
}

/** The error that a request is refused with. */
export async function refusal(answer: Promise<Generation>): Promise<ErrorBody> {
  const outcome = await answer.catch((error) => error);
  if (outcome instanceof DoitongError) return outcome.body;
  throw new Error(`not refused: ${JSON.stringify(outcome)}`);
}

export type CreateChanges = Partial<Create>;
export type TestGenerations = Awaited<ReturnType<typeof startGenerations>>;
