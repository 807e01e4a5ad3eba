import type { AttemptJob, VendorTask } from '@doitong/contracts';
import {
  type ProviderAdapter,
  type ProviderFamily,
  VendorError,
  type VendorErrorKind,
  type VendorOutput,
} from '@doitong/providers/kit';
import { Logger } from '@doitong/service-kit';
import { AttemptInputs } from '../inputs/attempt-inputs.js';
import { ByteBudget } from '../inputs/byte-budget.js';
import { InputReader } from '../inputs/input-reader.js';
import type { Attempt } from '../jobs/attempt.js';
import { Lease } from '../jobs/lease.js';
import { Pauses } from '../jobs/pauses.js';
import { Reports } from '../jobs/reports.js';

/** All waits are the shortest ones. */
const SCALE = 0.001;

export const silent = new Logger('worker', 'silent');
export const holder = { attemptId: 'att_1', workerId: 'worker-1' };
export const task: VendorTask = { id: 'task-1', state: {} };
export const output: VendorOutput = { source: { url: 'http://127.0.0.1/output.mp4' }, costMicroUsd: 7 };

const job: AttemptJob = {
  attemptId: holder.attemptId,
  generationId: 'gen_1',
  mode: 'test',
  type: 'VIDEO',
  provider: 'acme',
  model: 'acme-1',
  input: { text: 'a lighthouse' },
  options: {},
  expectedSeconds: 0,
  deadlineAt: new Date(Date.now() + 3_600_000).toISOString(),
};

export const vendorError = (kind: VendorErrorKind, retryAfterMs?: number) =>
  new VendorError(kind, `the vendor says ${kind}`, { retryAfterMs });

/** An adapter of what the test needs; anything else that is asked of it is a failure. */
export function adapterOf(methods: Partial<ProviderAdapter>): ProviderAdapter {
  const unasked = async () => {
    throw new Error('the test did not expect this to be asked');
  };
  return { submit: unasked, poll: unasked, ...methods };
}

export const acme: Pick<ProviderFamily, 'manifest'> = { manifest: { family: 'acme', providers: [] } };

/** Answers a call with each of these in turn, the last again and again; an Error is thrown. */
export function inTurn<T>(...answers: (T | Error)[]) {
  const calls: unknown[][] = [];
  const answer = async (...args: unknown[]): Promise<T> => {
    const next = answers[Math.min(calls.push(args), answers.length) - 1] as T | Error;
    if (next instanceof Error) throw next;
    return next;
  };
  return Object.assign(answer, { calls });
}

/** Hears the reports of a worker in place of `generations`, in the order in which they are said. */
export function heardReports({ live = true } = {}) {
  const heard: { subject: string; body: unknown }[] = [];
  const request = async ({ subject }: { subject: string }, body: unknown) => {
    // On the subject of its family.
    heard.push({ subject: subject.replace(/\.acme$/, ''), body });
    return { live };
  };
  return {
    heard,
    subjects: () => heard.map(({ subject }) => subject),
    reports: new Reports({ request } as never, acme),
  };
}

export function attemptWith(
  methods: Partial<ProviderAdapter>,
  { expectedSeconds = 0, ...changes }: Partial<Attempt> & { expectedSeconds?: number } = {},
): Attempt {
  const lease = new Lease(holder, 0, 60_000, heardReports().reports, silent);
  // The tests of the lease itself make their own.
  lease.end();
  return {
    stage: 'SUBMISSION',
    job: { ...job, expectedSeconds },
    adapter: adapterOf(methods),
    request: { attemptId: job.attemptId, type: job.type, provider: 'acme', model: 'acme-1', input: {}, options: {} },
    vendor: {
      baseUrl: 'http://127.0.0.1',
      credential: 'key',
      signal: new AbortController().signal,
      readInput: async () => {
        throw new Error('no input here');
      },
    },
    inputs: new AttemptInputs(new InputReader(true, new ByteBudget(1)), {}, lease.signal),
    otherCredentials: [],
    lease,
    pauses: new Pauses(),
    scale: SCALE,
    stop: lease.signal,
    gone: lease.signal,
    deadlineMs: Date.parse(job.deadlineAt),
    logger: silent,
    ...changes,
  };
}
