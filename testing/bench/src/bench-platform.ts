import { startPostgres } from '@doitong/local-servers';
import {
  type Customer,
  Operator,
  type Platform,
  type ServiceName,
  startPlatform,
  temporaryFolder,
} from '@doitong/support';
import pg from 'pg';

/** The platform as it is deployed, each service a process, on a PostgreSQL that keeps what it commits. */
export interface BenchPlatform {
  platform: Platform;
  /** Several, as a platform has: one account's balance is one row, on which its holds wait for each other. */
  customers: Customer[];
  database: pg.Pool;
  operator: Operator;
  stop(): Promise<void>;
}

const RICH = 1_000_000_000;
/** Ten times as many reads must still be an int4. */
const UNLIMITED = 100_000_000;
const CUSTOMERS = 16;

const FAMILIES = ['minimax', 'black-forest-labs', 'elevenlabs', 'hedra'] as const;

export const serviceNames: ServiceName[] = [
  'gateway',
  'generations',
  'billing',
  'rate-limit',
  'webhook-dispatcher',
  ...FAMILIES.map((family) => `worker-${family}` as const),
  'sandbox',
];

export async function startBenchPlatform(env: Record<string, string>): Promise<BenchPlatform> {
  const folder = await temporaryFolder();
  const postgres = await startPostgres({ directory: `${folder.path}/postgres` });
  process.env.DOITONG_TEST_POSTGRES_URL = postgres.url;
  const platform = await startPlatform(FAMILIES, {
    JOB_LEASE_MS: '15000',
    SWEEP_MS: '2000',
    BEAT_SECONDS: '5',
    LOG_LEVEL: 'warn',
    ...env,
  });
  const operator = await Operator.connect(platform.natsUrl('admin'));
  const customers = await Promise.all(
    Array.from({ length: CUSTOMERS }, () => operator.createCustomer(platform.gatewayUrl, { credits: RICH })),
  );
  const database = new pg.Pool({ connectionString: platform.databaseUrl });
  await database.query('UPDATE billing.accounts SET requests_per_minute = $1, concurrent = $1', [UNLIMITED]);
  return {
    platform,
    customers,
    database,
    operator,
    async stop() {
      await Promise.all([operator.close(), database.end()]);
      await platform.stop();
      await postgres.stop();
      await folder.remove();
    },
  };
}

export const accountsOf = ({ customers }: BenchPlatform): string[] => customers.map(({ accountId }) => accountId);
