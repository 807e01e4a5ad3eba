import { type AttemptJob, DoitongError } from '@doitong/contracts';
import type { ProviderAdapter, ProviderFamily, Submission } from '@doitong/providers/kit';
import { afterEach, describe, expect, it } from '@jest/globals';
import { acme, adapterOf, attemptWith, holder, inTurn, output, silent, task } from '../__fixtures__/attempt.js';
import { CallbackUrls } from '../callbacks/callback-urls.js';
import type { WorkerConfig } from '../config.js';
import { ByteBudget } from '../inputs/byte-budget.js';
import { InputReader } from '../inputs/input-reader.js';
import type { Outputs } from '../outputs/outputs.js';
import { Vendors } from '../vendors/vendors.js';
import type { WorkerIdentity } from '../worker-identity.js';
import { AttemptRunner } from './attempt-runner.js';
import { Hints } from './hints.js';
import { Reports } from './reports.js';

const stored = { key: 'gen_1/att_1/a.mp4', bytes: 10, contentType: 'video/mp4', format: 'mp4' };
const job: AttemptJob = attemptWith({}).job;
const jobs = { attemptId: job.attemptId, generationId: job.generationId };
const vendors = new Vendors({ baseUrl: '', credentials: [] }, 'http://127.0.0.1:1/acme');
const [credential] = vendors.credentials.test!;
const resumed = { action: 'resume', job, credential, task, late: false, submittedAfter: new Date().toISOString() };
const submitting = { action: 'submit', job, credential };

const handOvers: (() => void)[] = [];
afterEach(() => {
  // Leases renew themselves until their attempts end.
  for (const handOver of handOvers.splice(0)) handOver();
});

interface Stand {
  /** What each report is answered; anything else is live. */
  answers?: Record<string, () => unknown>;
  put?: Outputs['put'];
  stopGraceMs?: number;
}

/** A worker whose `generations` and vendor are played. */
function workerWith(adapter: Partial<ProviderAdapter>, { answers = {}, put, stopGraceMs = 3_600_000 }: Stand) {
  const heard: { subject: string; body: { failure?: object } }[] = [];
  const request = async ({ subject }: { subject: string }, body: object) => {
    const message = subject.replace(/\.acme$/, '');
    heard.push({ subject: message, body });
    return answers[message]?.() ?? { live: true };
  };
  const family: ProviderFamily = { ...acme, adapter: adapterOf(adapter), baseUrl: '' };
  const bus = { request } as never;
  const runner = new AttemptRunner(
    new Reports(bus, acme),
    new Hints(bus, family),
    vendors,
    new CallbackUrls(undefined, undefined),
    new InputReader(false, new ByteBudget(1)),
    { put: put ?? (async () => stored) } as Outputs,
    { id: holder.workerId as WorkerIdentity['id'] },
    silent,
    family,
    { JOB_LEASE_MS: 3_600_000, SANDBOX_SPEED: 0, STOP_GRACE_MS: stopGraceMs } as WorkerConfig,
  );
  handOvers.push(() => runner.handOver());
  return { runner, heard, failures: () => heard.flatMap(({ body }) => body.failure ?? []) };
}

const refused = () => {
  throw new DoitongError('INVALID_INPUT', 'attempt.completed: message/output/bytes must be integer');
};
const succeeds = inTurn({ status: 'succeeded' as const, output });

describe('an attempt ends as failed at once', () => {
  it('when the report of its output is refused, which would be refused again', async () => {
    const answers = { 'attempt.begin': () => resumed, 'attempt.completed': refused };
    const { runner, failures } = workerWith({ poll: succeeds }, { answers });
    expect(await runner.run(jobs)).toBe('done');
    expect(failures()).toMatchObject([{ kind: 'output-lost', stage: 'DELIVERY' }]);
  });

  it('when the report of its task is refused, of which nobody can be asked again', async () => {
    const answers = { 'attempt.begin': () => submitting, 'attempt.submitted': refused };
    const { runner, failures } = workerWith({ submit: inTurn<Submission>({ kind: 'task', task }) }, { answers });
    expect(await runner.run(jobs)).toBe('done');
    expect(failures()).toMatchObject([{ kind: 'submission-unknown', stage: 'SUBMISSION' }]);
  });
});

it('an attempt that breaks its worker down ends as failed the third time', async () => {
  const poll = async () => {
    throw new TypeError('nobody thought of this');
  };
  const { runner, failures } = workerWith({ poll }, { answers: { 'attempt.begin': () => resumed } });
  for (const _ of [1, 2]) await expect(runner.run(jobs)).rejects.toThrow('nobody thought of this');
  expect(failures()).toEqual([]);
  expect(await runner.run(jobs)).toBe('done');
  expect(failures()).toMatchObject([{ kind: 'failed', stage: 'PROCESSING' }]);
});

it('an attempt whose report nobody can handle now is worked on again', async () => {
  const away = () => {
    throw new DoitongError('INTERNAL', 'A part of the service is not available. Please try again.');
  };
  const answers = { 'attempt.begin': () => resumed, 'attempt.completed': away };
  const { runner, failures } = workerWith({ poll: succeeds }, { answers });
  const putting = runner.run(jobs);
  runner.handOver();
  await putting.catch(() => undefined);
  expect(failures()).toEqual([]);
});

describe('a worker that goes', () => {
  /** An output that never comes to its end, and that it was begun. */
  function endless() {
    let begin = () => {};
    const begun = new Promise<void>((resolve) => {
      begin = resolve;
    });
    const put: Outputs['put'] = (_job, _output, signal) =>
      new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason));
        begin();
      });
    return { put, begun };
  }

  it('gives an output up at once that another worker can fetch again, and the attempt back', async () => {
    const { put, begun } = endless();
    const { runner, heard } = workerWith({ poll: succeeds }, { answers: { 'attempt.begin': () => resumed }, put });
    const running = runner.run(jobs);
    await begun;
    runner.handOver();
    expect(await running).toEqual({ retryAfterMs: 0 });
    expect(heard.map(({ subject }) => subject)).toEqual(['attempt.begin', 'attempt.release']);
  });

  it('gives up an output that came with the answer when its grace is over, and not before', async () => {
    const { put, begun } = endless();
    const submit = inTurn<Submission>({ kind: 'output', output });
    const answers = { 'attempt.begin': () => submitting };
    const { runner, heard } = workerWith({ submit }, { answers, put, stopGraceMs: 500 });
    const running = runner.run(jobs);
    await begun;
    const since = performance.now();
    runner.handOver();
    expect(await running).toEqual({ retryAfterMs: 0 });
    expect(performance.now() - since).toBeGreaterThan(450);
    expect(heard.map(({ subject }) => subject)).toEqual(['attempt.begin', 'attempt.release']);
  });
});
