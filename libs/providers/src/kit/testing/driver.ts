import type { VendorTask } from '@doitong/contracts';
import type { ProviderAdapter, Submission, VendorContext, VendorOutput, VendorRequest } from '../adapter.js';
import { isPassing, ReadDoubts, SubmitPolicy } from '../asking.js';
import { VendorError } from '../errors.js';

export interface Drive {
  output?: VendorOutput;
  /** As it was polled last. */
  task?: VendorTask;
  /** Everything that was thrown on the way, in order; the last one ended it when there is no output. */
  errors: VendorError[];
}

const enoughPolls = 100;
const pauseMs = 20;

/** Carries an attempt through as a worker does: asks again only where that is allowed, and passes each task through JSON. */
export async function drive(adapter: ProviderAdapter, request: VendorRequest, vendor: VendorContext): Promise<Drive> {
  const errors: VendorError[] = [];
  const policy = new SubmitPolicy();
  const startedAt = new Date();
  for (;;) {
    const submission = await adapter.submit(request, vendor).catch(noted(errors));
    if (!(submission instanceof VendorError)) return driveFrom(adapter, submission, vendor, errors);
    const next = policy.after(submission);
    if (next === 'end' || next === 'look-up') return { errors };
    await pause();
    const found = next === 'look-up, then ask' ? await adapter.lookup?.(request, vendor, startedAt) : undefined;
    if (found) return driveFrom(adapter, found, vendor, errors);
  }
}

export async function driveFrom(
  adapter: ProviderAdapter,
  submission: Submission,
  vendor: VendorContext,
  errors: VendorError[] = [],
  mostPolls = enoughPolls,
): Promise<Drive> {
  if (submission.kind === 'output') return { output: submission.output, errors };
  let task = durable(submission.task);
  const doubts = new ReadDoubts(0);
  for (let polls = 0; polls < mostPolls; polls++) {
    const result = await adapter.poll(task, vendor).catch(noted(errors));
    if (result instanceof VendorError) {
      if (result.doubtful ? doubts.settles(Date.now()) : !isPassing(result)) return { task, errors };
    } else {
      if (result.status === 'succeeded') return { output: result.output, task, errors };
      if (result.task) task = durable(result.task);
    }
    await pause();
  }
  return { task, errors };
}

function noted(errors: VendorError[]) {
  return (error: unknown): VendorError => {
    if (!(error instanceof VendorError)) throw error;
    errors.push(error);
    return error;
  };
}

export const pause = (ms = pauseMs) => new Promise((resolve) => setTimeout(resolve, ms));

/** Looks again until it is so; throws when it is not after half a minute. */
export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 30_000;
  while (!(await isSo())) {
    if (Date.now() > deadline) throw new Error('it is not so when time is up');
    await pause();
  }
}

/** As it comes back from the database. */
export function durable(task: VendorTask): VendorTask {
  return JSON.parse(JSON.stringify(task));
}
