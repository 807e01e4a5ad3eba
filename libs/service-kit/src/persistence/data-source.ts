import pg from 'pg';
import { DataSource, type MigrationInterface } from 'typeorm';

/** The tables of one service: a schema of its own and the migrations that make it, in order. */
export interface Persistence {
  schema: string;
  migrations: (new () => MigrationInterface)[];
  /**
   * `off`: commits do not wait for the disk. They survive every crash of ours; a crash of the database server's machine may lose
   * the last fraction of a second. Default `on`.
   */
  synchronousCommit?: 'on' | 'off';
}

/** What a process that stands still in the middle of a transaction has locked, others wait for no longer than this. */
const LONGEST_STANDSTILL = '30s';
const INT8 = 20;
pg.types.setTypeParser(INT8, Number);

/**
 * Listens from the first moment. The server may end a connection in the same breath in which it greets it; whoever asked for the connection does
 * not listen yet, and an error that nobody hears would end the process. Queries on it fail all the same.
 */
class HeardClient extends pg.Client {
  constructor(config?: string | pg.ClientConfig) {
    super(config);
    this.on('error', () => undefined);
  }
}

/** Throws an error for a person when the server cannot be reached, which says where it was looked for. */
export async function openDataSource(
  persistence: Persistence,
  databaseUrl: string,
  poolSize: number,
): Promise<DataSource> {
  try {
    return await createDataSource(persistence, databaseUrl, poolSize).initialize();
  } catch (cause) {
    const { host, pathname } = new URL(databaseUrl);
    throw new Error(`PostgreSQL at ${host}${pathname} cannot be used: ${reasonOf(cause)}`, { cause });
  }
}

/** A host with several addresses fails with an error for each and no message of its own. */
function reasonOf(cause: unknown): string {
  if (cause instanceof AggregateError) return cause.errors.map(reasonOf).join(', ');
  return cause instanceof Error ? cause.message : String(cause);
}

export function createDataSource(
  { schema, migrations, synchronousCommit = 'on' }: Persistence,
  databaseUrl: string,
  poolSize: number,
): DataSource {
  const settings = [
    ['search_path', schema],
    ['synchronous_commit', synchronousCommit],
    ['idle_in_transaction_session_timeout', LONGEST_STANDSTILL],
  ];
  return new DataSource({
    type: 'postgres',
    // The one whose parsers are set above; TypeORM would load whichever it finds.
    driver: pg,
    url: databaseUrl,
    schema,
    migrations,
    poolSize,
    applicationName: schema,
    extra: {
      options: settings.map(([name, value]) => `-c ${name}=${value}`).join(' '),
      keepAlive: true,
      Client: HeardClient,
    },
  });
}
