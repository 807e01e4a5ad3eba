import type { VendorTask } from '@doitong/contracts';
import type { ProviderAdapter, Submission, VendorContext, VendorOutput, VendorRequest } from '../adapter.js';
import type { VendorError } from '../errors.js';

export interface Drive {
  output?: VendorOutput;
  /** As it was polled last. */
  task?: VendorTask;
  /** Everything that was thrown on the way, in order; the last one ended it when there is no output. */
  errors: VendorError[];
}

const enoughPolls = 100;
const mostTries = 5;
const pauseMs = 20;

/** Carries an attempt through as a worker does: asks again only where that is allowed, and passes each task through JSON. */
export async function drive(adapter: ProviderAdapter, request: VendorRequest, vendor: VendorContext): Promise<Drive> {
  const errors: VendorError[] = [];
  const submission = await insist(errors, () => adapter.submit(request, vendor));
  return submission ? driveFrom(adapter, submission, vendor, errors) : { errors };
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
  for (let polls = 0; polls < mostPolls; polls++) {
    const result = await insist(errors, () => adapter.poll(task, vendor));
    if (!result) return { task, errors };
    if (result.status === 'succeeded') return { output: result.output, task, errors };
    if (result.task) task = durable(result.task);
    await pause();
  }
  return { task, errors };
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

async function insist<T>(errors: VendorError[], ask: () => Promise<T>): Promise<T | undefined> {
  for (let tries = 0; tries < mostTries; tries++) {
    try {
      return await ask();
    } catch (error) {
      const thrown = error as VendorError;
      if (thrown.name !== 'VendorError') throw error;
      errors.push(thrown);
      if (thrown.kind !== 'unavailable' && thrown.kind !== 'rate-limited') return undefined;
      await pause();
    }
  }
  return undefined;
}
