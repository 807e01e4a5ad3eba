import type { VendorTask } from '@doitong/contracts';
import { type PollResult, VendorError, type VendorErrorKind } from '@doitong/providers/kit';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { attemptWith, inTurn, output, task, vendorError } from '../__fixtures__/attempt.js';
import { waitForOutput } from './completion.js';

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

/** Time passes only here. */
const pass = (ms: number) => jest.advanceTimersByTimeAsync(ms);
const MINUTE_MS = 60_000;

/** What comes of it within a minute. */
async function inTime<T>(work: Promise<T>): Promise<T> {
  work.catch(() => {});
  await pass(MINUTE_MS);
  return work;
}

const running: PollResult = { status: 'running' };
const succeeded: PollResult = { status: 'succeeded', output };
const unmoved = async () => {
  throw new Error('the task did not move');
};

it('polls until the task has succeeded', async () => {
  const poll = inTurn<PollResult>(running, { ...running, progress: 40 }, succeeded);
  expect(await inTime(waitForOutput(attemptWith({ poll }), { task }, unmoved))).toEqual({ task, output });
  expect(poll.calls.map(([polled]) => polled)).toEqual([task, task, task]);
});

it.each(['rate-limited', 'unavailable'] as const)('a poll that is %s says nothing of the task', async (kind) => {
  const poll = inTurn<PollResult>(vendorError(kind), succeeded);
  expect(await inTime(waitForOutput(attemptWith({ poll }), { task }, unmoved))).toEqual({ task, output });
});

it.each(['failed', 'content-rejected', 'credential'] as const)(
  'a task that is %s is not polled again',
  async (kind) => {
    const poll = inTurn<PollResult>(vendorError(kind), succeeded);
    const waiting = inTime(waitForOutput(attemptWith({ poll }), { task }, unmoved));
    await expect(waiting).rejects.toEqual(expect.objectContaining({ kind }));
    expect(poll.calls).toHaveLength(1);
  },
);

const doubtful = (kind: VendorErrorKind) => new VendorError(kind, 'one read said so', { doubtful: true });

it.each(['failed', 'credential', 'forbidden', 'balance'] as const)(
  'one poll that is refused as %s ends no task',
  async (kind) => {
    const refused = doubtful(kind);
    const poll = inTurn<PollResult>(refused, refused, refused, refused, running, refused, refused, refused, succeeded);
    expect(await inTime(waitForOutput(attemptWith({ poll }), { task }, unmoved))).toEqual({ task, output });
  },
);

it('five polls in a row that are refused, over a minute, end it with what was said', async () => {
  const poll = inTurn<PollResult>(doubtful('failed'));
  const waiting = waitForOutput(attemptWith({ poll }, { scale: 1 }), { task }, unmoved);
  const ended = expect(waiting).rejects.toEqual(expect.objectContaining({ kind: 'failed' }));
  await pass(59_000);
  expect(poll.calls.length).toBeGreaterThan(5);
  await pass(30_000);
  await ended;
});

it('what cannot be polled at all is no refusal, however often', async () => {
  const away = Array.from({ length: 30 }, () => vendorError('unavailable'));
  const poll = inTurn<PollResult>(...away, doubtful('failed'), succeeded);
  expect(await inTime(waitForOutput(attemptWith({ poll }), { task }, unmoved))).toEqual({ task, output });
});

describe('where the key of the attempt is refused', () => {
  const keys = { otherCredentials: ['foreign', 'good'] };
  const polls = (refusal: VendorError, asked: string[]) =>
    attemptWith(
      {
        async poll(_, { credential }) {
          asked.push(credential);
          if (credential === 'good') return succeeded;
          throw credential === 'foreign' ? doubtful('failed') : refusal;
        },
      },
      keys,
    );

  it.each(['credential', 'forbidden', 'balance'] as const)(
    'as %s, the other keys are tried before anything is given up',
    async (kind) => {
      const asked: string[] = [];
      const waiting = waitForOutput(polls(doubtful(kind), asked), { task }, unmoved);
      expect(await inTime(waiting)).toEqual({ task, output });
      expect(asked).toEqual(['key', 'foreign', 'good']);
    },
  );

  it('no other is tried for what is no matter of keys', async () => {
    const asked: string[] = [];
    const waiting = waitForOutput(polls(doubtful('failed'), asked), { task }, unmoved);
    await expect(inTime(waiting)).rejects.toEqual(expect.objectContaining({ kind: 'failed' }));
    expect(new Set(asked)).toEqual(new Set(['key']));
  });
});

it("a chain's next task is durable before it is polled", async () => {
  const next: VendorTask = { id: 'task-2', state: { step: 2 } };
  const steps: string[] = [];
  const attempt = attemptWith({
    async poll({ id }) {
      steps.push(`poll ${id}`);
      return id === task.id ? { ...running, task: next } : succeeded;
    },
  });
  let made = () => {};
  const durable = new Promise<void>((resolve) => {
    made = resolve;
  });
  const moved = async ({ id }: VendorTask) => {
    await durable;
    steps.push(`durable ${id}`);
  };
  const waiting = waitForOutput(attempt, { task }, moved);
  await pass(MINUTE_MS);
  expect(steps).toEqual(['poll task-1']);
  made();
  expect(await inTime(waiting)).toEqual({ task: next, output });
  expect(steps).toEqual(['poll task-1', 'durable task-2', 'poll task-2']);
});

it("a chain's next task that could not be made durable is not polled", async () => {
  const poll = inTurn<PollResult>({ ...running, task: { id: 'task-2', state: {} } }, succeeded);
  await expect(inTime(waitForOutput(attemptWith({ poll }), { task }, unmoved))).rejects.toThrow('did not move');
  expect(poll.calls).toHaveLength(1);
});

const hourLong = { expectedSeconds: 3_600, scale: 1 };

it('a hint cuts the wait short', async () => {
  const poll = inTurn(succeeded);
  const attempt = attemptWith({ poll }, hourLong);
  const waiting = waitForOutput(attempt, { task }, unmoved);
  await pass(MINUTE_MS);
  expect(poll.calls).toHaveLength(0);
  attempt.pauses.wake();
  expect(await waiting).toEqual({ task, output });
});

it('a hint that comes before the wait or during a poll is not lost', async () => {
  const attempt = attemptWith({}, hourLong);
  const poll = inTurn<PollResult>(running, succeeded);
  attempt.adapter.poll = async (...args) => {
    const result = await poll(...args);
    // The vendor finished just after it looked.
    attempt.pauses.wake();
    return result;
  };
  attempt.pauses.wake();
  expect(await inTime(waitForOutput(attempt, { task }, unmoved))).toEqual({ task, output });
});

it('one hint is one poll, and the schedule goes on as before', async () => {
  const stopping = new AbortController();
  const poll = inTurn<PollResult>(running);
  const attempt = attemptWith({ poll }, { ...hourLong, stop: stopping.signal });
  const waiting = waitForOutput(attempt, { task }, unmoved);
  const over = expect(waiting).rejects.toThrow('over');
  attempt.pauses.wake();
  await pass(59 * MINUTE_MS);
  expect(poll.calls).toHaveLength(1);
  // A tenth later at most than the task is expected to take.
  await pass(8 * MINUTE_MS);
  expect(poll.calls.length).toBeGreaterThan(1);
  stopping.abort(new Error('over'));
  await over;
});

it('a task that is resumed is not waited for all over again', async () => {
  const poll = inTurn<PollResult>(succeeded);
  const nearlyDone = Date.now() - hourLong.expectedSeconds * 1_000 + 500;
  const waiting = waitForOutput(attemptWith({ poll }, hourLong), { task, since: nearlyDone }, unmoved);
  await pass(499);
  expect(poll.calls).toHaveLength(0);
  expect(await inTime(waiting)).toEqual({ task, output });
});
