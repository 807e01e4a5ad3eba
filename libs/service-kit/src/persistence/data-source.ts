import pg from 'pg';
import { DataSource, type MigrationInterface } from 'typeorm';

/** The tables of one service: a schema of its own and the migrations that make it, in order. */
export interface Persistence {
  schema: string;
  migrations: (new () => MigrationInterface)[];
}

const INT8 = 20;
pg.types.setTypeParser(INT8, Number);

export function createDataSource(
  { schema, migrations }: Persistence,
  databaseUrl: string,
  poolSize: number,
): DataSource {
  return new DataSource({
    type: 'postgres',
    url: databaseUrl,
    schema,
    migrations,
    poolSize,
    applicationName: schema,
    extra: { options: `-c search_path=${schema}`, keepAlive: true },
  });
}
