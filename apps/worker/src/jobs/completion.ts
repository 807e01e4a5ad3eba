import type { VendorTask } from '@doitong/contracts';
import { type PollResult, pollDelays, VendorError, type VendorOutput } from '@doitong/providers/kit';
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
  for (;;) {
    await attempt.pauses.pause(delayUntilPoll(attempt, pollInMs, Date.now() - since), attempt.stop);
    const result = await pollOnce(attempt, task);
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

/** A poll that could not be made says nothing of the task. */
export async function pollOnce({ adapter, vendor, logger, stop }: Attempt, task: VendorTask): Promise<PollResult> {
  try {
    return await adapter.poll(task, { ...vendor, signal: stop });
  } catch (error) {
    const passing = error instanceof VendorError && (error.kind === 'rate-limited' || error.kind === 'unavailable');
    if (!passing) throw error;
    logger.info('vendor not polled, will try again', { error: error.message });
    return { status: 'running' };
  }
}

/** From the time that has passed, not from the delays so far: a hint may have cut them short. */
function delayUntilPoll({ job, scale }: Attempt, pollInMs: number | undefined, elapsedMs: number): number {
  return pollDelays({ expectedMs: pollInMs ?? job.expectedSeconds * 1_000, elapsedMs, scale }).next().value;
}
