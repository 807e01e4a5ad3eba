import Type from 'typebox';
import { DatabaseConfig } from '../config/common-config.js';
import { loadConfig } from '../config/load-config.js';
import { openDataSource, type Persistence } from './data-source.js';

/** Any number that all replicas agree on. */
const LOCK = 7_403_211;

/**
 * Brings a service's schema up to date. Replicas that do so at once wait for each other on an advisory lock.
 * Returns the names of the migrations that it ran.
 */
export async function migrate(persistence: Persistence, databaseUrl: string): Promise<string[]> {
  const dataSource = await openDataSource(persistence, databaseUrl, 2);
  try {
    const lock = dataSource.createQueryRunner();
    try {
      await lock.query('SELECT pg_advisory_lock($1, hashtext($2))', [LOCK, persistence.schema]);
      await lock.query(`CREATE SCHEMA IF NOT EXISTS ${persistence.schema}`);
      const ran = await dataSource.runMigrations({ transaction: 'each' });
      return ran.map((migration) => migration.name);
    } finally {
      await lock.release();
    }
  } finally {
    // Its connections end, and the lock with them.
    await dataSource.destroy();
  }
}

/** `migrate.ts` of a service: migrates by DATABASE_URL, says what it did, and exits. */
export async function runMigrations(persistence: Persistence): Promise<void> {
  try {
    const { DATABASE_URL } = loadConfig(Type.Object({ DATABASE_URL: DatabaseConfig.DATABASE_URL }));
    const ran = await migrate(persistence, DATABASE_URL);
    process.stdout.write(`${persistence.schema}: ${ran.length > 0 ? `ran ${ran.join(', ')}` : 'up to date'}\n`);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  }
}
