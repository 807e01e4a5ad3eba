import { randomUUID } from 'node:crypto';
import {
  type AttemptFailure,
  attempts,
  type Generation,
  generations,
  type Mode,
  type Output,
  type Stage,
  type VendorTask,
} from '@doitong/contracts';
import { CREDENTIALS, type TestGenerations } from './start-generations.js';

export interface Ids {
  id: string;
  attemptId: string;
}

interface AttemptRow {
  status: string;
  worker_id: string | null;
  deaths: number;
  credential: string | null;
  task: VendorTask | null;
  vendor_cost_micro_usd: number | null;
  failure: AttemptFailure | null;
}

export const TASK: VendorTask = { id: 'task-1', state: { polling_url: 'https://vendor.example/1' } };
/** Of an attempt's own. */
export const outputOf = ({ id, attemptId }: Ids): Output => ({
  key: `${id}/${attemptId}/film.mp4`,
  bytes: 1_000,
  contentType: 'video/mp4',
  format: 'mp4',
  width: 1366,
  height: 768,
  durationSeconds: 6,
});
export const FAILURE: AttemptFailure = {
  code: 'CONTENT_REJECTED',
  message: 'Not this.',
  retryable: false,
  stage: 'PROCESSING',
  kind: 'content-rejected',
};

/** What workers say of an attempt and customers ask of its generation; by default the worker is `one`. */
export function reportsTo({ ask, say, accountId, sql, accepted }: TestGenerations) {
  const begin = (
    { attemptId }: Ids,
    workerId = 'one',
    { beginId = randomUUID() as string, credentials = CREDENTIALS as object } = {},
  ) => say(attempts.begin, { attemptId, workerId, beginId, credentials });
  const submitted = ({ attemptId }: Ids, workerId = 'one', task = TASK) =>
    say(attempts.submitted, { attemptId, workerId, task });
  const modeOf = async (id: string) =>
    (await sql<{ mode: Mode }>('SELECT mode FROM generations WHERE id = $1', [id]))[0]?.mode ?? 'test';

  return {
    begin,
    submitted,
    progress: ({ attemptId }: Ids, percent: number, workerId = 'one') =>
      say(attempts.progress, { attemptId, workerId, progress: percent }),
    risking: ({ attemptId }: Ids, stage?: Stage, workerId = 'one') =>
      say(attempts.risking, { attemptId, workerId, stage }),
    release: ({ attemptId }: Ids, workerId = 'one') => say(attempts.release, { attemptId, workerId }),
    completed: (ids: Ids, workerId = 'one', output = outputOf(ids)) =>
      say(attempts.completed, { attemptId: ids.attemptId, workerId, output, vendorCostMicroUsd: 70_000 }),
    failed: ({ attemptId }: Ids, workerId = 'one', failure = FAILURE) =>
      say(attempts.failed, { attemptId, workerId, failure }),
    late: ({ attemptId }: Ids, workerId = 'one') =>
      say(attempts.late, { attemptId, workerId, vendorCostMicroUsd: 70_000 }),
    cancel: async ({ id }: Ids) => ask(generations.cancel, { accountId, mode: await modeOf(id), id }),
    get: async ({ id }: Ids): Promise<Generation> => ask(generations.get, { accountId, mode: await modeOf(id), id }),
    async attempt({ attemptId }: Ids): Promise<AttemptRow> {
      return (await sql<AttemptRow>('SELECT * FROM attempts WHERE id = $1', [attemptId]))[0]!;
    },
    /** As if its worker had not been heard of for a lease. */
    expireLease: ({ attemptId }: Ids) =>
      sql(`UPDATE attempts SET lease_expires_at = now() - interval '1 ms' WHERE id = $1`, [attemptId]),
    /** A new attempt that waits for its vendor. */
    async running(workerId = 'one'): Promise<Ids> {
      const ids = await accepted();
      await begin(ids, workerId);
      await submitted(ids, workerId);
      return ids;
    },
  };
}
