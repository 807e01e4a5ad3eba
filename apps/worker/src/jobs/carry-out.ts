import type { BeginReply, Output, VendorTask } from '@doitong/contracts';
import { type Submission, VendorError, type VendorOutput } from '@doitong/providers/kit';
import { type Outputs, OutputUnavailable } from '../outputs/outputs.js';
import type { Attempt } from './attempt.js';
import { pollOnce, waitForOutput } from './completion.js';
import type { Reports } from './reports.js';
import { lookUp, submit } from './submission.js';

/** What a worker may go on with: the replies of `attempt.begin` that come with a job. */
export type Begun = Extract<BeginReply, { credential: string }>;

interface Means {
  reports: Reports;
  outputs: Pick<Outputs, 'put'>;
  workerId: string;
}

const MOST_FETCHES = 3;

/** Takes an attempt from wherever it stands to its end, reporting each step before the next. Throws what stopped it. */
export async function carryOut(attempt: Attempt, begun: Begun, means: Means): Promise<void> {
  const holder = { attemptId: attempt.job.attemptId, workerId: means.workerId };
  const submission = await submissionOf(attempt, begun);
  if (submission.kind === 'output') {
    made(attempt, submission.output);
    await complete(attempt, await means.outputs.put(attempt.job, submission.output), means);
    return;
  }
  const submitted = (task: VendorTask) => means.reports.submitted({ ...holder, task });
  if (begun.action !== 'resume') await submitted(submission.task);
  attempt.stage = 'PROCESSING';
  const { task, output } = await waitForOutput(attempt, submission, submitted);
  made(attempt, output);
  await complete(attempt, await storeFresh(attempt, task, output, means.outputs), means);
}

/** Looks once whether an attempt whose generation has ended succeeded after all. */
export async function lookLate(attempt: Attempt, task: VendorTask, { reports, workerId }: Means): Promise<void> {
  const result = await pollOnce(attempt, task);
  if (result instanceof VendorError || result.status !== 'succeeded') return;
  made(attempt, result.output);
  const { attemptId } = attempt.job;
  await reports.late({ attemptId, workerId, vendorCostMicroUsd: attempt.costMicroUsd });
}

/** The vendor has made it, and charges for it, whatever becomes of the output. */
function made(attempt: Attempt, { costMicroUsd }: VendorOutput): void {
  attempt.stage = 'DELIVERY';
  attempt.costMicroUsd = costMicroUsd ?? attempt.listCostMicroUsd;
}

async function submissionOf(attempt: Attempt, begun: Begun): Promise<Submission & { since?: number }> {
  switch (begun.action) {
    case 'submit':
      return submitWithInputs(attempt);
    case 'reconcile':
      return lookUp(attempt, new Date(begun.submittedAfter));
    case 'resume':
      return { kind: 'task', task: begun.task, since: Date.parse(begun.submittedAfter) };
  }
}

/** No vendor is asked before every file is read and found good, not even one that fetches it itself. */
async function submitWithInputs(attempt: Attempt): Promise<Submission> {
  const { inputs, lease } = attempt;
  try {
    await inputs.takeInHand().catch((error) => {
      attempt.costMicroUsd = 0;
      throw error;
    });
    // Somebody may have cancelled it meanwhile.
    lease.signal.throwIfAborted();
    return await submit(attempt);
  } finally {
    inputs.letGo();
  }
}

/** Stores the output; where its URL has died already, asks the vendor for a fresh one. */
async function storeFresh(
  attempt: Attempt,
  task: VendorTask,
  output: VendorOutput,
  outputs: Means['outputs'],
): Promise<Output> {
  for (let from = output, fetches = 1; ; fetches++) {
    try {
      return await outputs.put(attempt.job, from);
    } catch (error) {
      if (!(error instanceof OutputUnavailable) || fetches === MOST_FETCHES) throw error;
      const again = await pollOnce(attempt, task);
      if (again instanceof VendorError || again.status !== 'succeeded') continue;
      from = again.output;
      made(attempt, from);
    }
  }
}

async function complete(attempt: Attempt, output: Output, { reports, workerId }: Means): Promise<void> {
  const { attemptId } = attempt.job;
  await reports.completed({ attemptId, workerId, output, vendorCostMicroUsd: attempt.costMicroUsd });
}
