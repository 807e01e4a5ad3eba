import type { VendorTask } from '@doitong/contracts';
import {
  isPassing,
  type PollResult,
  pollDelays,
  ReadDoubts,
  VendorError,
  type VendorErrorKind,
  type VendorOutput,
} from '@doitong/providers/kit';
import type { Attempt } from './attempt.js';

/**
 * Polls until the task is over. `since`, epoch ms, is when the vendor was asked, if that was not just now. `moved` makes a task's next step durable before it is polled.
 * Throws VendorError when it failed, and the reason of `attempt.stop` when that aborts.
 */
export async function waitForOutput(
  attempt: Attempt,
  first: { task: VendorTask; pollInMs?: number; since?: number },
  moved: (task: VendorTask) => Promise<unknown>,
): Promise<{ task: VendorTask; output: VendorOutput }> {
  let { task, pollInMs } = first;
  let since = first.since ?? Date.now();
  const doubts = new ReadDoubts(attempt.scale);
  for (;;) {
    await attempt.pauses.pause(delayUntilPoll(attempt, pollInMs, Date.now() - since), attempt.stop);
    const result = await pollOnce(attempt, task);
    if (result instanceof VendorError) {
      if (result.doubtful && doubts.settles(Date.now())) throw result;
      continue;
    }
    doubts.clear();
    if (result.status === 'succeeded') return { task, output: result.output };
    if (result.progress !== undefined) attempt.lease.progressed(result.progress);
    if (result.task) {
      task = result.task;
      await moved(task);
      pollInMs = result.pollInMs;
      since = Date.now();
    }
  }
}

const keysFault: VendorErrorKind[] = ['credential', 'forbidden', 'balance'];

/**
 * A VendorError that is returned says nothing of the task, or too little; one that is thrown is its end. Where the attempt's own key is
 * refused, the family's other keys are tried: what they do not find says nothing either, for they may be another account's.
 */
export async function pollOnce(attempt: Attempt, task: VendorTask): Promise<PollResult | VendorError> {
  const said = await pollWith(attempt.vendor.credential, attempt, task);
  const isKeyRefused = said instanceof VendorError && keysFault.includes(said.kind);
  for (const credential of isKeyRefused ? attempt.otherCredentials : []) {
    const other = await pollWith(credential, attempt, task);
    if (!(other instanceof VendorError)) return other;
  }
  return said;
}

async function pollWith(credential: string, { adapter, vendor, logger, stop }: Attempt, task: VendorTask) {
  try {
    return await adapter.poll(task, { ...vendor, credential, signal: stop });
  } catch (error) {
    if (!(error instanceof VendorError && (error.doubtful || isPassing(error)))) throw error;
    logger.info('vendor not polled, will try again', { error: error.message });
    return error;
  }
}

/** From the time that has passed, not from the delays so far: a hint may have cut them short. */
function delayUntilPoll({ job, scale }: Attempt, pollInMs: number | undefined, elapsedMs: number): number {
  return pollDelays({ expectedMs: pollInMs ?? job.expectedSeconds * 1_000, elapsedMs, scale }).next().value;
}
