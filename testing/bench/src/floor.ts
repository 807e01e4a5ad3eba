import { GrantsRepository } from '@doitong/billing/grants/grants.repository';
import { HoldsRepository } from '@doitong/billing/holds/holds.repository';
import { persistence as billing } from '@doitong/billing/persistence';
import { AdmissionRepository } from '@doitong/generations/admission/admission.repository';
import { AttemptsRepository } from '@doitong/generations/attempts/attempts.repository';
import { GenerationsConfig } from '@doitong/generations/config';
import { OutcomeRepository } from '@doitong/generations/outcome/outcome.repository';
import { persistence as generations } from '@doitong/generations/persistence';
import { persistence as rateLimit } from '@doitong/rate-limit/persistence';
import { SlotsRepository } from '@doitong/rate-limit/slots/slots.repository';
import { WindowsRepository } from '@doitong/rate-limit/windows/windows.repository';
import { createDataSource, Database, Ids, loadConfig, type Persistence } from '@doitong/service-kit';
import { type Measured, measure } from './load.js';

interface Load {
  concurrency: number;
  seconds: number;
  warmUpSeconds: number;
}

const POOL = 20;
const CREDITS = 50;
const UNLIMITED = 1_000_000_000;
const TTL_SECONDS = 300;
const SETTLE_BATCH = 20;

/** What acceptance does in PostgreSQL, and nothing else: the statements of the repositories, on pools as the services have them. */
export function acceptFloor(databaseUrl: string, accounts: string[], load: Load): Promise<Measured> {
  return withStatements(databaseUrl, accounts, (statements) =>
    measure((n) => statements.accept(n).then(() => undefined), load),
  );
}

/** What a whole life does in PostgreSQL, from acceptance to the settled hold and the freed slot. */
export function lifecycleFloor(databaseUrl: string, accounts: string[], load: Load): Promise<Measured> {
  return withStatements(databaseUrl, accounts, (statements) =>
    measure(async (n) => statements.end(await statements.accept(n)), load),
  );
}

interface Accepted {
  id: string;
  attemptId: string;
}

interface Statements {
  accept(n: number): Promise<Accepted>;
  end(accepted: Accepted): Promise<void>;
}

async function withStatements<T>(
  databaseUrl: string,
  accounts: string[],
  work: (statements: Statements) => Promise<T>,
): Promise<T> {
  const open = async (persistence: Persistence) =>
    new Database(await createDataSource(persistence, databaseUrl, POOL).initialize());
  const databases = await Promise.all([billing, generations, rateLimit].map(open));
  try {
    return await work(statementsOf(databases as [Database, Database, Database], databaseUrl, accounts));
  } finally {
    await Promise.all(databases.map((database) => database.dataSource.destroy()));
  }
}

function statementsOf(
  [billing, own, limits]: [Database, Database, Database],
  databaseUrl: string,
  accounts: string[],
): Statements {
  const config = loadConfig(GenerationsConfig, { DATABASE_URL: databaseUrl });
  const ids = new Ids();
  const holds = new HoldsRepository(billing, new GrantsRepository(billing));
  const windows = new WindowsRepository(limits);
  const slots = new SlotsRepository(limits);
  const admission = new AdmissionRepository(own, config);
  const attempts = new AttemptsRepository(own, config);
  const outcomes = new OutcomeRepository();
  const ended: string[] = [];

  return {
    async accept(n) {
      const id = ids.next('gen');
      const attemptId = ids.next('att');
      const accountId = accounts[n % accounts.length]!;
      await windows.take([{ key: accountId, window: 'generate', cost: 1, limit: UNLIMITED, checks: 1 }]);
      await slots.take({ generationId: id, accountId, concurrent: UNLIMITED, perDay: null }, TTL_SECONDS);
      const [admittedUntil] = await holds.place([{ generationId: id, accountId, credits: CREDITS }], TTL_SECONDS);
      await admission.accept({ ...example, id, attemptId, accountId, admittedUntil: admittedUntil! }, undefined);
      return { id, attemptId };
    },
    async end({ id, attemptId }) {
      const attempt = { attemptId, family: example.family };
      await attempts.begin(own, {
        ...attempt,
        workerId: 'floor',
        beginId: attemptId,
        credentials: { test: ['floor'] },
      });
      await attempts.submitted(attempt, 'floor', { id: 'task', state: {} });
      await own.transaction(async (tx) => {
        await attempts.complete(tx, attempt, undefined);
        await outcomes.end(tx, id, { status: 'COMPLETED', output });
      });
      ended.push(id);
      if (ended.length < SETTLE_BATCH) return;
      const batch = ended.splice(0);
      await holds.settle(batch.map((generationId) => ({ generationId, outcome: 'CAPTURE', credits: CREDITS })));
      await slots.free(batch.map((generationId) => ({ generationId, refundQuota: false })));
      await own.query(
        'DELETE FROM outbox WHERE id IN (SELECT id FROM outbox ORDER BY available_at, id LIMIT $1 FOR UPDATE SKIP LOCKED)',
        [3 * SETTLE_BATCH],
      );
    },
  };
}

const example = {
  plan: 'ENTERPRISE' as const,
  mode: 'test',
  type: 'IMAGE',
  provider: 'flux-dev',
  model: 'flux-dev',
  family: 'floor',
  input: { text: 'a red fox in snow' },
  options: { width: 256, height: 256 },
  credits: CREDITS,
  metered: null,
  mostCredits: null,
  expectedSeconds: 5,
  deadlineSeconds: 180,
  asked: {},
  routing: { reason: 'chosen by the caller', candidates: [] },
  adjustments: [],
  webhookUrl: null,
  requestId: 'floor',
};

const output = {
  key: 'floor/floor.jpg',
  bytes: 10_000,
  contentType: 'image/jpeg',
  format: 'jpeg',
  width: 256,
  height: 256,
};
