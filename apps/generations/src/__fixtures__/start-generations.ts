import {
  type Credentials,
  catalog,
  DoitongError,
  type ErrorBody,
  type FamilyManifest,
  type FamilyRequest,
  type Generation,
  generations,
  type ReplyOf,
  type RequestOf,
  saidBy,
} from '@doitong/contracts';
import { waitFor } from '@doitong/support';
import { prepareService } from '@doitong/support/own-service';
import { GenerationsConfig, GenerationsModule, persistence } from '../app.module.js';
import { aFamily, aProvider, aRequest } from './manifests.js';
import { StandIns } from './stand-ins.js';

type Create = RequestOf<typeof generations.create>;

const parts = { name: 'generations', config: GenerationsConfig, module: GenerationsModule, persistence };
export const CREDENTIALS = { live: ['live-fingerprint'], test: ['test-fingerprint'] };
const LIMITS = { requestsPerMinute: 60, concurrent: 10, perDay: null };

/** Generations in this process, with stand-ins for those that it asks, on a database and a nats-server of its own. */
export async function startGenerations(settings: Record<string, string> = {}) {
  // Nothing is swept unless a suite asks for it. Workers neither beat nor report in time, and live and hold their leases all
  // the same for as long as a suite runs.
  const calm = { SWEEP_MS: '3600000', BEAT_SECONDS: '600', JOB_LEASE_MS: '600000' };
  const own = await prepareService(parts, { ...calm, ...settings });
  const { ask, ids, pool, sql } = own;
  const standIns = new StandIns(own.connection);
  await own.connection.flush();
  const service = await own.startReplica();
  const accountId = ids.next('acc');

  const announce = (manifest: FamilyManifest, workerId = 'worker', credentials: Credentials = CREDENTIALS) =>
    ask(saidBy(manifest.family, catalog.announce), { workerId, credentials, manifest });
  const familyIn = async (table: string, id: string) =>
    (await sql<{ family: string }>(`SELECT family FROM ${table} WHERE id = $1`, [id]))[0]?.family ?? 'painters';
  await announce(aFamily('painters', aProvider('brush')));

  const create = (changes: Partial<Create> = {}): Promise<Generation> =>
    ask(generations.create, {
      accountId,
      plan: 'PRO',
      mode: 'test',
      limits: LIMITS,
      input: aRequest({ provider: 'brush' }),
      ...changes,
    });

  return {
    ...own,
    accountId,
    announce,
    create,
    service,
    standIns,
    /** One customer's request under an idempotency key, sent as often as it is called. */
    keyed:
      (key: string, changes: Partial<Create> = {}, scope = 'generate') =>
      () =>
        create({ idempotency: { key, scope }, ...changes }),
    async count(table: string): Promise<number> {
      return (await sql<{ many: number }>(`SELECT count(*)::int AS many FROM ${table}`))[0]!.many;
    },
    leave: async (workerId: string) => ask(saidBy(await familyIn('workers', workerId), catalog.leave), { workerId }),
    /** What a worker says of an attempt: of the attempt's own family, unless another is given. */
    async say<M extends FamilyRequest>(
      message: M,
      body: RequestOf<M> & { attemptId: string },
      family?: string,
    ): Promise<ReplyOf<M>> {
      const by = family ?? (await familyIn('attempts', body.attemptId));
      return ask(saidBy(by, message), body as never) as Promise<ReplyOf<M>>;
    },
    /** Forgets all generations. Sweepers lock these tables too: where it deadlocks with one, it is done again. */
    clear: () => waitFor(() => sql('TRUNCATE idempotency_keys, attempts, generations, outbox')),
    /** A transaction behind the service's back, that lasts as long as `work`. */
    async transaction<T>(work: (transaction: Transaction) => Promise<T>): Promise<T> {
      const client = await pool.connect();
      try {
        await client.query('BEGIN');
        const { pid } = (await client.query('SELECT pg_backend_pid() AS pid')).rows[0];
        const waiting = () => sql('SELECT FROM pg_stat_activity WHERE $1 = ANY (pg_blocking_pids(pid))', [pid]);
        const result = await work({
          query: (text, values) => client.query(text, values),
          blocks: (many = 1) =>
            waitFor(async () => {
              if ((await waiting()).length < many) throw new Error(`fewer than ${many} wait for this transaction`);
            }),
        });
        await client.query('COMMIT');
        return result;
      } catch (error) {
        await client.query('ROLLBACK');
        throw error;
      } finally {
        client.release();
      }
    },
    /** A generation that is accepted, and its first attempt. */
    async accepted(changes?: Partial<Create>) {
      const { id } = await create(changes);
      const [attempt] = await sql<{ id: string }>('SELECT id FROM attempts WHERE generation_id = $1', [id]);
      return { id, attemptId: attempt!.id };
    },
  };
}

interface Transaction {
  query(text: string, values?: unknown[]): Promise<unknown>;
  /** Resolves once so many statements wait for what it has locked. */
  blocks(many?: number): Promise<void>;
}

/** The error that a request is refused with. */
export async function refusal(answer: Promise<Generation>): Promise<ErrorBody> {
  const outcome = await answer.catch((error) => error);
  if (outcome instanceof DoitongError) return outcome.body;
  throw new Error(`not refused: ${JSON.stringify(outcome)}`);
}

export type CreateChanges = Partial<Create>;
export type TestGenerations = Awaited<ReturnType<typeof startGenerations>>;
