import { type DynamicModule, Inject, Injectable, Module, type OnApplicationShutdown } from '@nestjs/common';
import { HealthChecks } from '../health/health-checks.js';
import { Dependencies } from '../runtime/dependencies.js';
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
    health.add(checkOf(schema), async () => {
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
        {
          provide: Database,
          inject: [Dependencies],
          useFactory: (dependencies: Dependencies) => connect(dependencies, persistence, databaseUrl, poolSize),
        },
        Connection,
      ],
      exports: [Database],
    };
  }
}

/** Waits for the server, and throws when it has not the tables that this service needs. */
async function connect(
  dependencies: Dependencies,
  persistence: Persistence,
  databaseUrl: string,
  poolSize: number,
): Promise<Database> {
  const { schema } = persistence;
  const { database, missing } = await dependencies.open(
    checkOf(schema),
    async () => {
      const dataSource = await openDataSource(persistence, databaseUrl, poolSize);
      try {
        const opened = new Database(dataSource);
        return { database: opened, missing: await missingMigrations(opened, persistence) };
      } catch (error) {
        await dataSource.destroy();
        throw error;
      }
    },
    (opened) => opened.database.dataSource.destroy(),
  );
  if (missing.length === 0) return database;
  throw new Error(`schema ${schema} is not migrated (${missing.join(', ')}): run this service's migrate command first`);
}

const checkOf = (schema: string) => `postgres:${schema}`;

/** Only looks: a service need not be allowed to make tables. */
async function missingMigrations(database: Database, { schema, migrations }: Persistence): Promise<string[]> {
  const table = `${schema}.migrations`;
  const [found] = await database.query<{ present: boolean }>('SELECT to_regclass($1) IS NOT NULL AS present', [table]);
  const ran = found?.present ? await database.query<{ name: string }>(`SELECT name FROM ${table}`) : [];
  const names = new Set(ran.map(({ name }) => name));
  return migrations.map(({ name }) => name).filter((name) => !names.has(name));
}
