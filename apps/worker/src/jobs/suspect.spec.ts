import type { AttemptJob, Output } from '@doitong/contracts';
import type { PollResult, ProviderAdapter, Submission } from '@doitong/providers/kit';
import { describe, expect, it } from '@jest/globals';
import {
  adapterOf,
  attemptWith,
  heardReports,
  holder,
  inTurn,
  output,
  task,
  vendorError,
} from '../__fixtures__/attempt.js';
import { Suspect } from './suspect.js';

const stored: Output = { key: 'gen_1/att_1.mp4', bytes: 10, contentType: 'video/mp4', format: 'mp4' };
const taken: Submission = { kind: 'task', task };
const running: PollResult = { status: 'running' };
const { request, vendor, job } = attemptWith({});

/** An attempt of which so many workers died, and what is told of it, each step of its own between. */
function suspectOf(deaths: number, methods: Partial<ProviderAdapter> = {}, { live = true } = {}) {
  const { reports, heard } = heardReports({ live });
  const attempt = attemptWith({});
  const suspect = new Suspect(deaths, holder.workerId, reports, { ...attempt, stop: attempt.lease.signal });
  const told = () => heard.map(({ body }) => (body as { stage?: string }).stage ?? 'past it');
  return { lease: attempt.lease, suspect, adapter: suspect.guarded(adapterOf(methods)), heard, told };
}

describe('an attempt of which a worker died', () => {
  it('has each step that can cost a worker its life told before it is taken, and what led to nothing after it', async () => {
    const seen: string[] = [];
    const noting =
      <T>(answer: T) =>
      async () => {
        seen.push(...told().slice(seen.length), 'step');
        return answer;
      };
    const { adapter, suspect, told, heard } = suspectOf(1, {
      lookup: noting(undefined),
      submit: noting(taken),
      poll: noting(running),
    });
    await adapter.lookup?.(request, vendor, new Date());
    expect(told()).toEqual(['SUBMISSION', 'past it']);
    await adapter.submit(request, vendor);
    await adapter.poll(task, vendor);
    await suspect.guardedOutputs({ put: noting(stored) }).put(job, output, vendor.signal);
    expect(told()).toEqual(['SUBMISSION', 'past it', 'SUBMISSION', 'PROCESSING', 'past it', 'DELIVERY']);
    expect(seen.slice(0, 2)).toEqual(['SUBMISSION', 'step']);
    for (const { subject, body } of heard) {
      expect(subject).toBe('attempt.risking');
      expect(body).toMatchObject(holder);
    }
  });

  it('has a step that failed told as past, and throws what it threw', async () => {
    const { adapter, told } = suspectOf(1, { submit: inTurn<Submission>(vendorError('rate-limited')) });
    await expect(adapter.submit(request, vendor)).rejects.toMatchObject({ kind: 'rate-limited' });
    expect(told()).toEqual(['SUBMISSION', 'past it']);
  });

  it('is let go, and no step taken, when another worker has it', async () => {
    const submit = inTurn<Submission>(taken);
    const { adapter } = suspectOf(1, { submit }, { live: false });
    await expect(adapter.submit(request, vendor)).rejects.toMatchObject({ name: 'AbortError' });
    expect(submit.calls).toEqual([]);
  });

  it('still has no look-up where its vendor has none', () => {
    expect(suspectOf(1).adapter.lookup).toBeUndefined();
  });
});

it('of an attempt of which no worker died nothing is told', async () => {
  const adapter = adapterOf({ submit: inTurn<Submission>(taken) });
  const { suspect, told } = suspectOf(0);
  expect(suspect.guarded(adapter)).toBe(adapter);
  expect(await suspect.guardedOutputs({ put: async (_: AttemptJob) => stored }).put(job, output, vendor.signal)).toBe(
    stored,
  );
  expect(told()).toEqual([]);
});

describe('attempts in one worker', () => {
  /** A step that goes on until it is told to end. */
  function gate() {
    let end = () => {};
    const ended = new Promise<PollResult>((resolve) => {
      end = () => resolve(running);
    });
    return { poll: () => ended, end };
  }
  const settled = () => new Promise((resolve) => setImmediate(resolve));

  it('of which two workers died take such steps one at a time, whatever becomes of each', async () => {
    const gates = [gate(), gate(), gate()];
    const suspects = gates.map(({ poll }) => suspectOf(2, { poll }));
    const polls = suspects.map(({ adapter }) => adapter.poll(task, vendor));
    for (const [n, { end }] of gates.entries()) {
      await settled();
      expect(suspects.map(({ told }) => told().length)).toEqual(gates.map((_, m) => (m < n ? 2 : m === n ? 1 : 0)));
      end();
      await polls[n];
    }
    const failing = suspectOf(2, { poll: inTurn<PollResult>(vendorError('failed')) });
    const next = suspectOf(2, { poll: inTurn(running) });
    const both = [failing, next].map(({ adapter }) => adapter.poll(task, vendor));
    expect((await Promise.allSettled(both)).map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
  });

  it('of which two workers died do not wait when they are over, and the others still go one at a time', async () => {
    const gates = [gate(), gate()];
    const [first, second, third] = [gates[0]!, gate(), gates[1]!].map(({ poll }) => suspectOf(2, { poll }));
    const polls = [first, second, third].map((one) => one!.adapter.poll(task, vendor));
    await settled();
    second!.lease.lose();
    await expect(polls[1]).rejects.toMatchObject({ name: 'AbortError' });
    await settled();
    expect([second!.told(), third!.told()]).toEqual([[], []]);
    gates[0]!.end();
    await polls[0];
    await settled();
    expect(third!.told()).toEqual(['PROCESSING']);
    gates[1]!.end();
    await polls[2];
  });

  it('of which one worker died wait for nobody', async () => {
    const slow = gate();
    const waiting = suspectOf(2, slow).adapter.poll(task, vendor);
    expect(await suspectOf(1, { poll: inTurn(running) }).adapter.poll(task, vendor)).toBe(running);
    slow.end();
    await waiting;
  });
});
