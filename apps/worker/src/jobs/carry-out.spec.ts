import type { Output } from '@doitong/contracts';
import type { PollResult, Submission, VendorOutput } from '@doitong/providers/kit';
import { VendorError } from '@doitong/providers/kit';
import { describe, expect, it } from '@jest/globals';
import { attemptWith, heardReports, holder, inTurn, output, task, vendorError } from '../__fixtures__/attempt.js';
import { NotStored, type Outputs } from '../outputs/outputs.js';
import type { Attempt } from './attempt.js';
import { type Begun, carryOut, lookLate } from './carry-out.js';

const stored: Output = { key: 'gen_1/att_1.mp4', bytes: 10, contentType: 'video/mp4', format: 'mp4' };
const succeeded: PollResult = { status: 'succeeded', output };
const denied = new NotStored('vendor', new Error('404'));

const begin = ({ job }: Attempt, how: 'submit' | 'resume'): Begun =>
  how === 'submit'
    ? { action: 'submit', job, credential: 'f' }
    : { action: 'resume', job, credential: 'f', task, late: false, submittedAfter: new Date().toISOString() };

function meansWith(...puts: (Output | Error)[]) {
  const put = inTurn(...puts);
  const outputs = { put } as unknown as Outputs;
  const { reports, heard, subjects } = heardReports();
  return { put, heard, subjects, means: { reports, outputs, workerId: holder.workerId } };
}

describe('an attempt', () => {
  it('has its task reported before the first poll, and its end told with what the vendor charged', async () => {
    const { means, heard, subjects } = meansWith(stored);
    let heardAtPoll: string[] = [];
    const attempt = attemptWith({
      submit: inTurn<Submission>({ kind: 'task', task }),
      async poll() {
        heardAtPoll = subjects();
        return succeeded;
      },
    });
    await carryOut(attempt, begin(attempt, 'submit'), means);
    expect(heardAtPoll).toEqual(['attempt.submitted']);
    expect(heard).toEqual([
      { subject: 'attempt.submitted', body: { ...holder, task } },
      { subject: 'attempt.completed', body: { ...holder, output: stored, vendorCostMicroUsd: 7 } },
    ]);
  });

  it('that is resumed is neither submitted nor reported as such again', async () => {
    const { means, subjects } = meansWith(stored);
    const attempt = attemptWith({ poll: inTurn(succeeded) });
    await carryOut(attempt, begin(attempt, 'resume'), means);
    expect(subjects()).toEqual(['attempt.completed']);
  });

  it('of a vendor that answers with the output itself is stored without a poll', async () => {
    const { means, subjects } = meansWith(stored);
    const attempt = attemptWith({ submit: inTurn<Submission>({ kind: 'output', output }) });
    await carryOut(attempt, begin(attempt, 'submit'), means);
    expect(subjects()).toEqual(['attempt.completed']);
  });

  it('that waits for its store when the worker goes is handed over where another can have the output, and stored where none can', async () => {
    const going = new AbortController();
    const full = new NotStored('store', new Error('ENOSPC'));
    const put = (answers: (Output | Error)[]) => async () => {
      going.abort(new Error('going'));
      const next = answers.shift()!;
      if (next instanceof Error) throw next;
      return next;
    };
    const run = (submission: Submission) => {
      const { reports, subjects } = heardReports();
      const attempt = attemptWith({ submit: inTurn(submission), poll: inTurn(succeeded) }, { stop: going.signal });
      const outputs = { put: put([full, stored]) };
      const over = carryOut(attempt, begin(attempt, 'submit'), { reports, outputs, workerId: holder.workerId });
      return { over, subjects };
    };
    const answered = run({ kind: 'output', output });
    await answered.over;
    expect(answered.subjects()).toEqual(['attempt.completed']);
    const polled = run({ kind: 'task', task });
    await expect(polled.over).rejects.toThrow('going');
    expect(polled.subjects()).toEqual(['attempt.submitted']);
  });

  it.each([
    ['SUBMISSION', { submit: inTurn<Submission>(vendorError('failed')) }],
    [
      'PROCESSING',
      { submit: inTurn<Submission>({ kind: 'task', task }), poll: inTurn<PollResult>(vendorError('failed')) },
    ],
    ['DELIVERY', { submit: inTurn<Submission>({ kind: 'task', task }), poll: inTurn(succeeded) }],
  ])('that fails knows that it did at %s', async (stage, methods) => {
    const { means } = meansWith(new VendorError('output-lost', 'no media'));
    const attempt = attemptWith(methods);
    await expect(carryOut(attempt, begin(attempt, 'submit'), means)).rejects.toBeInstanceOf(VendorError);
    expect(attempt.stage).toBe(stage);
  });
});

describe('what a vendor charges', () => {
  const silentOfCost: VendorOutput = { source: output.source };
  const lost = new VendorError('output-lost', 'no media');

  it.each([
    ['that it tells', output, 7],
    ['of its list, where it does not tell', silentOfCost, 5],
  ])('is what %s, whether or not the output could be stored', async (_, from, cost) => {
    const poll = inTurn<PollResult>({ status: 'succeeded', output: from });
    const [stores, fails] = [meansWith(stored), meansWith(lost)];
    const attempt = () => attemptWith({ poll }, { listCostMicroUsd: 5 });
    const good = attempt();
    await carryOut(good, begin(good, 'resume'), stores.means);
    expect(stores.heard.at(-1)?.body).toMatchObject({ vendorCostMicroUsd: cost });
    const bad = attempt();
    await expect(carryOut(bad, begin(bad, 'resume'), fails.means)).rejects.toBe(lost);
    expect(bad.costMicroUsd).toBe(cost);
  });

  it('is not known of what it took and did not make', async () => {
    const attempt = attemptWith({ poll: inTurn<PollResult>(vendorError('failed')) }, { listCostMicroUsd: 5 });
    await expect(carryOut(attempt, begin(attempt, 'resume'), meansWith(stored).means)).rejects.toBeInstanceOf(
      VendorError,
    );
    expect(attempt.costMicroUsd).toBeUndefined();
  });
});

describe('an output whose URL is dead', () => {
  const fresh: VendorOutput = { source: { url: 'http://127.0.0.1/fresh.mp4' }, costMicroUsd: 8 };

  it('is fetched from the fresh URL that a poll gives', async () => {
    const { means, put, heard } = meansWith(denied, stored);
    const poll = inTurn<PollResult>(succeeded, { status: 'succeeded', output: fresh });
    const attempt = attemptWith({ poll });
    await carryOut(attempt, begin(attempt, 'resume'), means);
    expect(put.calls.map(([, from]) => from)).toEqual([output, fresh]);
    expect(heard[0]?.body).toMatchObject({ vendorCostMicroUsd: 8 });
  });

  it('is not fetched again when the file is there but no media', async () => {
    const { means, put } = meansWith(new VendorError('output-lost', 'no media'), stored);
    const attempt = attemptWith({ poll: inTurn(succeeded) });
    await expect(carryOut(attempt, begin(attempt, 'resume'), means)).rejects.toThrow('no media');
    expect(put.calls).toHaveLength(1);
  });
});

describe('a late look', () => {
  const running = inTurn<PollResult>({ status: 'running' });
  const stopped = (...answers: (undefined | Error)[]) => inTurn<void>(...answers);

  it('at a task that still runs has the vendor stop it, where it can', async () => {
    const { means, heard } = meansWith(stored);
    const cancel = stopped(undefined);
    await lookLate(attemptWith({ poll: running, cancel }), task, means);
    expect(cancel.calls).toMatchObject([[task, { credential: 'key' }]]);
    expect(heard).toEqual([]);
  });

  it('is done with although the vendor did not stop it', async () => {
    const cancel = stopped(vendorError('failed'));
    await lookLate(attemptWith({ poll: running, cancel }), task, meansWith(stored).means);
    expect(cancel.calls).toHaveLength(1);
  });

  it('stops nothing that is made already', async () => {
    const cancel = stopped(undefined);
    await lookLate(attemptWith({ poll: inTurn(succeeded), cancel }), task, meansWith(stored).means);
    expect(cancel.calls).toEqual([]);
  });

  it('starts no further step of a chain, which the vendor would charge', async () => {
    const { means, heard } = meansWith(stored);
    // A poll would be a failure of the test.
    await lookLate(attemptWith({ pollStarts: () => true }), task, means);
    expect(heard).toEqual([]);
  });

  it('reports a success, for its cost, and fetches nothing', async () => {
    const { means, heard, put } = meansWith(stored);
    await lookLate(attemptWith({ poll: inTurn(succeeded) }), task, means);
    expect(heard).toEqual([{ subject: 'attempt.late', body: { ...holder, vendorCostMicroUsd: 7 } }]);
    expect(put.calls).toHaveLength(0);
  });

  it.each([
    ['still runs', inTurn<PollResult>({ status: 'running' })],
    ['cannot be polled', inTurn<PollResult>(vendorError('unavailable'))],
  ])('at a task that %s looks once and reports nothing', async (_what, poll) => {
    const { means, heard } = meansWith(stored);
    await lookLate(attemptWith({ poll }), task, means);
    expect(poll.calls).toHaveLength(1);
    expect(heard).toEqual([]);
  });
});
