import { createDataSource, Database, migrate } from '@doitong/service-kit';
import { createTestDatabase, type TestDatabase } from '@doitong/support';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { persistence } from '../persistence.js';
import { RetentionRepository } from './retention.repository.js';

let testDatabase: TestDatabase;
let database: Database;
let retention: RetentionRepository;
beforeAll(async () => {
  testDatabase = await createTestDatabase();
  await migrate(persistence, testDatabase.url);
  database = new Database(await createDataSource(persistence, testDatabase.url, 2).initialize());
  retention = new RetentionRepository(database);
});
afterAll(async () => {
  await database?.dataSource.destroy();
  await testDatabase?.drop();
});

const count = async (table: string) =>
  (await database.query<{ n: number }>(`SELECT count(*)::integer AS n FROM ${table}`))[0]!.n;

it('what is older than it is kept for is forgotten whole, in batches, and nothing else', async () => {
  await database.query(
    `INSERT INTO events SELECT 'evt_' || n, 'acc', 'generation.completed', now(), '{}' FROM generate_series(1, 30) AS n`,
  );
  // Two deliveries of each event; of the first ten both are old, of the next ten one.
  await database.query(
    `INSERT INTO deliveries (id, event_id, account_id, url, target, status, created_at)
     SELECT 'dlv_' || n || '_' || m, 'evt_' || n, 'acc', '', 'host', 'DELIVERED',
       now() - CASE WHEN n <= 10 OR (n <= 20 AND m = 1) THEN interval '31 days' ELSE interval '29 days' END
     FROM generate_series(1, 30) AS n, generate_series(1, 2) AS m`,
  );
  await database.query(`INSERT INTO delivery_attempts SELECT id, 1, now(), 200, 1, NULL, 'thanks' FROM deliveries`);
  expect([await retention.forget(30, 25), await retention.forget(30, 25), await retention.forget(30, 25)]).toEqual([
    25, 5, 0,
  ]);
  expect([await count('events'), await count('deliveries'), await count('delivery_attempts')]).toEqual([20, 30, 30]);
});

it('destinations where nothing is due are forgotten, but not their recent failures nor those of endpoints', async () => {
  await database.query(
    `INSERT INTO endpoints (id, account_id, url, events) VALUES ('whk_1', 'acc', 'https://a.example/', '{}')`,
  );
  await database.query(
    `INSERT INTO destinations (account_id, target, due_at, failed_at) VALUES ('acc', 'whk_1', NULL, NULL),
       ('acc', 'idle.example', NULL, NULL), ('acc', 'busy.example', now(), NULL), ('acc', 'fails.example', NULL, now())`,
  );
  await retention.tidy();
  const left = await database.query<{ target: string }>('SELECT target FROM destinations ORDER BY target');
  expect(left.map(({ target }) => target)).toEqual(['busy.example', 'fails.example', 'whk_1']);
});
