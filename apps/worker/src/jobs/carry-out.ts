import type { BeginReply, Output, VendorTask } from '@doitong/contracts';
import { type Submission, VendorError, type VendorOutput } from '@doitong/providers/kit';
import type { Outputs } from '../outputs/outputs.js';
import type { Attempt } from './attempt.js';
import { pollOnce, waitForOutput } from './completion.js';
import { store } from './delivery.js';
import type { Reports } from './reports.js';
import { lookUp, submit } from './submission.js';

/** What a worker may go on with: the replies of `attempt.begin` that come with a job. */
export type Begun = Extract<BeginReply, { credential: string }>;

interface Means {
  reports: Reports;
  outputs: Pick<Outputs, 'put'>;
  workerId: string;
}

/** Takes an attempt from wherever it stands to its end, reporting each step before the next. Throws what stopped it. */
export async function carryOut(attempt: Attempt, begun: Begun, means: Means): Promise<void> {
  const holder = { attemptId: attempt.job.attemptId, workerId: means.workerId };
  const submission = await submissionOf(attempt, begun, means);
  if (submission.kind === 'output') {
    made(attempt, submission.output);
    // No other worker can have it again.
    const output = await store(attempt, submission.output, means.outputs, { stop: attempt.gone });
    await complete(attempt, output, means, attempt.gone);
    return;
  }
  const submitted = (task: VendorTask) => means.reports.submitted({ ...holder, task }, attempt.gone);
  if (begun.action !== 'resume') await submitted(submission.task);
  attempt.stage = 'PROCESSING';
  const { task, output } = await waitForOutput(attempt, submission, submitted);
  made(attempt, output);
  const fresh = async () => {
    const again = await pollOnce(attempt, task);
    if (again instanceof VendorError || again.status !== 'succeeded') return undefined;
    made(attempt, again.output);
    return again.output;
  };
  const stored = await store(attempt, output, means.outputs, { stop: attempt.stop, fresh });
  await complete(attempt, stored, means, attempt.stop);
}

/**
 * Looks once whether an attempt whose generation has ended succeeded after all. One that still runs is stopped where the vendor can do that:
 * nobody waits for it any more. One that has steps to come, which a poll would start and the vendor charge, is left where it is.
 */
export async function lookLate(attempt: Attempt, task: VendorTask, { reports, workerId }: Means): Promise<void> {
  if (attempt.adapter.pollStarts?.(task)) return;
  const result = await pollOnce(attempt, task);
  if (result instanceof VendorError) return;
  if (result.status === 'running') return stopAtVendor(attempt, task);
  made(attempt, result.output);
  const { attemptId } = attempt.job;
  await reports.late({ attemptId, workerId, vendorCostMicroUsd: attempt.costMicroUsd }, attempt.stop);
}

/** It is looked at again: what was not stopped now may be then. */
async function stopAtVendor({ adapter, vendor, logger, stop }: Attempt, task: VendorTask): Promise<void> {
  try {
    await adapter.cancel?.(task, { ...vendor, signal: stop });
  } catch (error) {
    if (!(error instanceof VendorError)) throw error;
    logger.info('vendor did not stop it', { error: error.message });
  }
}

/** The vendor has made it, and charges for it, whatever becomes of the output. */
function made(attempt: Attempt, { costMicroUsd }: VendorOutput): void {
  attempt.stage = 'DELIVERY';
  attempt.costMicroUsd = costMicroUsd ?? attempt.listCostMicroUsd;
}

async function submissionOf(attempt: Attempt, begun: Begun, means: Means): Promise<Submission & { since?: number }> {
  switch (begun.action) {
    case 'submit':
      return submitWithInputs(attempt, means);
    case 'reconcile':
      // A vendor that dedupes is looked up by asking it, which may be the first time that it hears of it.
      await ready(attempt, means);
      return lookUp(attempt, new Date(begun.submittedAfter));
    case 'resume':
      return { kind: 'task', task: begun.task, since: Date.parse(begun.submittedAfter) };
  }
}

/** No vendor is asked before every file is read and found good, not even one that fetches it itself. */
async function submitWithInputs(attempt: Attempt, means: Means): Promise<Submission> {
  const { inputs, lease } = attempt;
  try {
    try {
      await inputs.takeInHand();
      await ready(attempt, means);
    } catch (error) {
      attempt.costMicroUsd = 0;
      throw error;
    }
    // Somebody may have cancelled it meanwhile.
    lease.signal.throwIfAborted();
    return await submit(attempt);
  } finally {
    inputs.letGo();
  }
}

/**
 * Tells that the files are read, and how long the audio is where its price goes by that. What was cancelled meanwhile, or cannot be paid
 * for, is over: nobody asks its vendor.
 */
async function ready({ job, inputs, lease, stop }: Attempt, { reports, workerId }: Means): Promise<void> {
  if (!inputs.any) return;
  const audioSeconds = job.measuresAudio ? await inputs.audioSeconds() : undefined;
  const { live } = await reports.ready({ attemptId: job.attemptId, workerId, audioSeconds }, stop);
  if (!live) lease.lose();
  lease.signal.throwIfAborted();
}

async function complete(
  attempt: Attempt,
  output: Output,
  { reports, workerId }: Means,
  stop: AbortSignal,
): Promise<void> {
  const { attemptId } = attempt.job;
  await reports.completed({ attemptId, workerId, output, vendorCostMicroUsd: attempt.costMicroUsd }, stop);
}
