import { type DynamicModule, Inject, Injectable, Module, type OnApplicationShutdown } from '@nestjs/common';
import { HealthChecks } from '../health/health-checks.js';
import { openDataSource, type Persistence } from './data-source.js';
import { Database } from './database.js';

const PERSISTENCE = Symbol('persistence');

@Injectable()
class Connection implements OnApplicationShutdown {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(PERSISTENCE) { schema }: Persistence,
    @Inject(HealthChecks) health: HealthChecks,
  ) {
    health.add(`postgres:${schema}`, async () => {
      await database.query('SELECT 1');
    });
  }

  async onApplicationShutdown(): Promise<void> {
    await this.database.dataSource.destroy();
  }
}

/** Gives the importing module, and it alone, the `Database` of its schema. Refuses to start on a schema that is not migrated. */
@Module({})
export class PersistenceModule {
  static register(persistence: Persistence, databaseUrl: string, poolSize: number): DynamicModule {
    return {
      module: PersistenceModule,
      providers: [
        { provide: PERSISTENCE, useValue: persistence },
        { provide: Database, useFactory: () => connect(persistence, databaseUrl, poolSize) },
        Connection,
      ],
      exports: [Database],
    };
  }
}

async function connect(persistence: Persistence, databaseUrl: string, poolSize: number): Promise<Database> {
  const dataSource = await openDataSource(persistence, databaseUrl, poolSize);
  const database = new Database(dataSource);
  try {
    const missing = await missingMigrations(database, persistence);
    if (missing.length === 0) return database;
    throw new Error(
      `schema ${persistence.schema} is not migrated (${missing.join(', ')}): run this service's migrate command first`,
    );
  } catch (error) {
    await dataSource.destroy();
    throw error;
  }
}

/** Only looks: a service need not be allowed to make tables. */
async function missingMigrations(database: Database, { schema, migrations }: Persistence): Promise<string[]> {
  const table = `${schema}.migrations`;
  const [found] = await database.query<{ present: boolean }>('SELECT to_regclass($1) IS NOT NULL AS present', [table]);
  const ran = found?.present ? await database.query<{ name: string }>(`SELECT name FROM ${table}`) : [];
  const names = new Set(ran.map(({ name }) => name));
  return migrations.map(({ name }) => name).filter((name) => !names.has(name));
}
