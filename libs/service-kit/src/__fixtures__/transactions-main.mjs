// A process on built code that makes one transaction after the other, and says what became of each.
import { setTimeout as sleep } from 'node:timers/promises';
import { createDataSource, Database } from '@doitong/service-kit';

const tables = { schema: 'public', migrations: [] };
const dataSource = await createDataSource(tables, process.env.DATABASE_URL, 2).initialize();
const database = new Database(dataSource);
for (;;) {
  const outcome = await database
    .transaction((tx) => tx.query('SELECT 1'))
    .then(
      () => 'done',
      ({ message }) => `failed: ${message}`,
    );
  process.stdout.write(`${outcome}\n`);
  await sleep(20);
}
