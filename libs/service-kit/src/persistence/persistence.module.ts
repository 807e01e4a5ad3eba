import { type DynamicModule, Inject, Injectable, Module, type OnApplicationShutdown } from '@nestjs/common';
import { HealthChecks } from '../health/health-checks.js';
import { createDataSource, type Persistence } from './data-source.js';
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
  const dataSource = await createDataSource(persistence, databaseUrl, poolSize).initialize();
  // Asked first, because showMigrations would make its table in a schema that is not there.
  const [{ present }] = await dataSource.query('SELECT to_regnamespace($1) IS NOT NULL AS present', [
    persistence.schema,
  ]);
  if (!present || (await dataSource.showMigrations())) {
    await dataSource.destroy();
    throw new Error(`schema ${persistence.schema} is not migrated: run this service's migrate command first`);
  }
  return new Database(dataSource);
}
