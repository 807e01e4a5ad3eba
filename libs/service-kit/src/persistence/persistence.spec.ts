import { createTestDatabase, type TestDatabase, waitFor } from '@doitong/support';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { onAnyPort } from '../__fixtures__/parrot.js';
import { persistence } from '../__fixtures__/tables.js';
import { startService } from '../runtime/run-service.js';
import { openDataSource } from './data-source.js';
import { Database } from './database.js';
import { migrate } from './migrate.js';
import { PersistenceModule } from './persistence.module.js';

let server: TestDatabase;
let admin: pg.Pool;

beforeAll(async () => {
  server = await createTestDatabase();
  admin = new pg.Pool({ connectionString: server.url, max: 2 });
});
afterAll(async () => {
  await admin.end();
  await server.drop();
});

const start = (tables = persistence, url = server.url) =>
  startService(onAnyPort('garden', undefined, PersistenceModule.register(tables, url, 2)));

describe('a schema', () => {
  /** The same tables in a schema of the test's own. */
  const inSchema = (schema: string) => ({ ...persistence, schema });

  it('that is not migrated is refused, with what to do; looking makes nothing in it', async () => {
    const refusal =
      'schema desert is not migrated (CreateSeeds1700000000000, CreateOutbox1700000000001): ' +
      "run this service's migrate command first";
    await expect(start(inSchema('desert'))).rejects.toThrow(refusal);
    const { rows } = await admin.query(`SELECT to_regnamespace('desert') AS there`);
    expect(rows).toEqual([{ there: null }]);
  });

  it('that is migrated only in part is refused, naming what is missing', async () => {
    const steppe = inSchema('steppe');
    const first = { ...steppe, migrations: steppe.migrations.slice(0, 1) };
    await expect(migrate(first, server.url)).resolves.toEqual(['CreateSeeds1700000000000']);
    await expect(start(steppe)).rejects.toThrow('schema steppe is not migrated (CreateOutbox1700000000001)');
  });

  it('is migrated once, however many do it at the same time', async () => {
    const meadow = inSchema('meadow');
    const ran = await Promise.all([1, 2, 3, 4].map(() => migrate(meadow, server.url)));
    expect(ran.flat()).toEqual(['CreateSeeds1700000000000', 'CreateOutbox1700000000001']);
    const service = await start(meadow);
    await service.stop();
  });

  it('on a server that cannot be reached is not migrated: it is named where that was looked for, but no password', async () => {
    const refusal = await migrate(persistence, 'postgres://user:secret@localhost:1/nowhere').catch((error) => error);
    expect(refusal.message).toMatch(/^PostgreSQL at localhost:1\/nowhere cannot be used: .*ECONNREFUSED/);
    expect(refusal.message).not.toContain('secret');
  });
});

describe('a database', () => {
  let database: Database;
  beforeAll(async () => {
    await migrate(persistence, server.url);
    database = new Database(await openDataSource(persistence, server.url, 2));
  });
  beforeEach(() => database.query('DELETE FROM seeds'));
  afterAll(() => database.dataSource.destroy());

  const plant = 'INSERT INTO seeds (id, planted) VALUES ($1, $2)';
  const planted = () => database.query<{ id: number; planted: number }>('SELECT id, planted FROM seeds ORDER BY id');

  it('commits what a transaction did when it resolves, and nothing of it when it throws', async () => {
    await database.transaction((tx) => tx.query(plant, [1, 2 ** 40]));
    const failing = database.transaction(async (tx) => {
      await tx.query(plant, [2, 0]);
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(await planted()).toEqual([{ id: 1, planted: 2 ** 40 }]);
  });

  it('lets go of what a process has locked that stands still in a transaction', async () => {
    let longest: unknown;
    let letGo = false;
    const standstill = database.transaction(async (tx) => {
      longest = await tx.query('SHOW idle_in_transaction_session_timeout');
      await tx.query('LOCK TABLE seeds');
      await tx.query(`SET LOCAL idle_in_transaction_session_timeout = '50ms'`);
      await admin.query('SELECT FROM garden.seeds');
      letGo = true;
      await tx.query('SELECT');
    });
    await expect(standstill).rejects.toThrow(/connection/i);
    expect(letGo).toBe(true);
    expect(longest).toEqual([{ idle_in_transaction_session_timeout: '30s' }]);
  });

  it('prepares a statement once a connection', async () => {
    const counted = await database.transaction(async (tx) => {
      for (const id of [10, 11, 12]) await tx.query(plant, [id, 0]);
      return tx.query(`SELECT count(*)::int AS many FROM pg_prepared_statements WHERE statement = $1`, [plant]);
    });
    expect(counted).toEqual([{ many: 1 }]);
  });

  it('survives the loss of a connection between two statements of a transaction', async () => {
    const cut = database.transaction(async (tx) => {
      const [own] = await tx.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
      await tx.query(plant, [3, 0]);
      await admin.query('SELECT pg_terminate_backend($1)', [own!.pid]);
      await waitFor(async () => {
        const { rows } = await admin.query('SELECT FROM pg_stat_activity WHERE pid = $1', [own!.pid]);
        expect(rows).toEqual([]);
      });
    });
    await expect(cut).rejects.toThrow();
    expect((await planted()).map(({ id }) => id)).not.toContain(3);
  });
});
