import { type Submission, VendorError, type VendorErrorKind } from '@doitong/providers/kit';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { attemptWith, inTurn, task, vendorError } from '../__fixtures__/attempt.js';
import { lookUp, submit } from './submission.js';

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

/** What comes of it once all the time has passed that it waits for; the time of the tests does not pass by itself. */
async function inTime<T>(work: Promise<T>): Promise<T> {
  work.catch(() => {});
  await jest.advanceTimersByTimeAsync(120_000);
  return work;
}

const taken: Submission = { kind: 'task', task };
const kindOf = (kind: VendorErrorKind) => expect.objectContaining({ kind });

/** A vendor's word that asking again can do no harm. */
const harmless = (kind: VendorErrorKind) => new VendorError(kind, 'not taken', { repeatable: true });

describe('submit', () => {
  it.each([
    ['rate-limited', vendorError('rate-limited')],
    ['not reached', harmless('unavailable')],
  ])('asks again a vendor by which it was %s, six times in all, and takes the answer', async (_, error) => {
    const late = inTurn<Submission>(error, error, error, error, error, taken);
    expect(await inTime(submit(attemptWith({ submit: late })))).toBe(taken);
    expect(late.calls).toHaveLength(6);
    const never = inTurn<Submission>(error);
    await expect(inTime(submit(attemptWith({ submit: never })))).rejects.toEqual(kindOf(error.kind));
    expect(never.calls).toHaveLength(6);
  });

  it.each(['unavailable', 'server-error'] as const)('asks twice at most a vendor that answers %s', async (kind) => {
    const once = inTurn<Submission>(vendorError(kind), taken);
    expect(await inTime(submit(attemptWith({ submit: once })))).toBe(taken);
    const always = inTurn<Submission>(vendorError(kind));
    await expect(inTime(submit(attemptWith({ submit: always })))).rejects.toEqual(kindOf(kind));
    expect(always.calls).toHaveLength(2);
  });

  it('counts what may have been taken beside what was not: no mix of answers makes a third submit', async () => {
    const limited = vendorError('rate-limited');
    const ask = inTurn<Submission>(limited, vendorError('unavailable'), limited, vendorError('server-error'), taken);
    await expect(inTime(submit(attemptWith({ submit: ask })))).rejects.toEqual(kindOf('server-error'));
    expect(ask.calls).toHaveLength(4);
  });

  it.each(['invalid-input', 'content-rejected', 'credential', 'forbidden', 'balance', 'failed'] as const)(
    'does not ask again after %s',
    async (kind) => {
      const ask = inTurn<Submission>(vendorError(kind), taken);
      await expect(inTime(submit(attemptWith({ submit: ask })))).rejects.toEqual(kindOf(kind));
      expect(ask.calls).toHaveLength(1);
    },
  );

  it.each([
    ['invalid-input', 0],
    ['balance', 0],
    ['forbidden', 0],
    ['unavailable', 0],
    ['content-rejected', undefined],
    ['failed', undefined],
    ['server-error', undefined],
    ['submission-unknown', undefined],
  ] as const)('that ends in %s costs %s micro-USD: only what the vendor did not take is free', async (kind, cost) => {
    const attempt = attemptWith({ submit: inTurn<Submission>(vendorError(kind)) }, { listCostMicroUsd: 5 });
    await expect(inTime(submit(attempt))).rejects.toEqual(kindOf(kind));
    expect(attempt.costMicroUsd).toBe(cost);
  });

  it('that may have been taken once is not free because it was refused then', async () => {
    const attempt = attemptWith({
      submit: inTurn<Submission>(vendorError('server-error'), vendorError('invalid-input')),
    });
    await expect(inTime(submit(attempt))).rejects.toEqual(kindOf('invalid-input'));
    expect(attempt.costMicroUsd).toBeUndefined();
  });

  it('waits as long as the vendor tells it to, in scaled time', async () => {
    const ask = inTurn<Submission>(vendorError('rate-limited', 300_000), taken);
    const submitting = submit(attemptWith({ submit: ask }));
    await jest.advanceTimersByTimeAsync(299);
    expect(ask.calls).toHaveLength(1);
    await jest.advanceTimersByTimeAsync(1);
    expect(ask.calls).toHaveLength(2);
    expect(await submitting).toBe(taken);
  });

  it('does not wait beyond the deadline', async () => {
    const ask = inTurn<Submission>(vendorError('rate-limited', 3_600_000), taken);
    const attempt = attemptWith({ submit: ask }, { deadlineMs: Date.now() + 1_000 });
    await expect(inTime(submit(attempt))).rejects.toEqual(kindOf('rate-limited'));
    expect(ask.calls).toHaveLength(1);
  });

  it('ends the wait with the reason when the attempt stops', async () => {
    const stopping = new AbortController();
    const ask = inTurn<Submission>(vendorError('rate-limited', 60_000_000), taken);
    const submitting = submit(attemptWith({ submit: ask }, { stop: stopping.signal, deadlineMs: Infinity }));
    const over = expect(submitting).rejects.toThrow('over');
    await jest.advanceTimersByTimeAsync(1_000);
    stopping.abort(new Error('over'));
    await over;
    expect(ask.calls).toHaveLength(1);
  });
});

describe('a submit at which the vendor says that it failed', () => {
  it('is looked up before it is asked again', async () => {
    const ask = inTurn<Submission>(vendorError('server-error'), taken);
    const find = inTurn<Submission | undefined>(undefined, taken);
    expect(await inTime(submit(attemptWith({ submit: ask, lookup: find })))).toBe(taken);
    expect([ask.calls.length, find.calls.length]).toEqual([1, 2]);
  });

  it('is asked again when the vendor does not come to know it', async () => {
    const ask = inTurn<Submission>(vendorError('server-error'), taken);
    const find = inTurn<Submission | undefined>(undefined);
    expect(await inTime(submit(attemptWith({ submit: ask, lookup: find })))).toBe(taken);
    expect(ask.calls).toHaveLength(2);
  });

  it('is not asked again when nobody answers the look-up', async () => {
    const ask = inTurn<Submission>(vendorError('server-error'), taken);
    const find = inTurn<Submission | undefined>(vendorError('unavailable'));
    const submitting = submit(attemptWith({ submit: ask, lookup: find }));
    await expect(inTime(submitting)).rejects.toEqual(kindOf('server-error'));
    expect(ask.calls).toHaveLength(1);
  });
});

describe('a submit whose answer was lost', () => {
  it('is never asked again, but looked up until the vendor knows it', async () => {
    const ask = inTurn<Submission>(vendorError('submission-unknown'), taken);
    const find = inTurn<Submission | undefined>(undefined, vendorError('unavailable'), taken);
    const before = Date.now();
    const attempt = attemptWith({ submit: ask, lookup: find });
    expect(await inTime(submit(attempt))).toBe(taken);
    expect([ask.calls.length, find.calls.length]).toEqual([1, 3]);
    const [, , since] = find.calls[0] as [unknown, unknown, Date];
    expect(since.getTime()).toBe(before);
  });

  it('is submission-unknown after one ask where the vendor has no look-up', async () => {
    const ask = inTurn<Submission>(vendorError('submission-unknown'), taken);
    await expect(inTime(submit(attemptWith({ submit: ask })))).rejects.toEqual(kindOf('submission-unknown'));
    expect(ask.calls).toHaveLength(1);
  });

  it('is submission-unknown when the vendor never comes to know it', async () => {
    const ask = inTurn<Submission>(vendorError('submission-unknown'), taken);
    const find = inTurn<Submission | undefined>(undefined);
    await expect(inTime(submit(attemptWith({ submit: ask, lookup: find })))).rejects.toEqual(
      kindOf('submission-unknown'),
    );
    expect(ask.calls).toHaveLength(1);
    expect(find.calls.length).toBeGreaterThan(1);
  });

  it('is what the look-up says when that is a verdict', async () => {
    const ask = inTurn<Submission>(vendorError('submission-unknown'), taken);
    const find = inTurn<Submission | undefined>(vendorError('invalid-input'));
    const submitting = submit(attemptWith({ submit: ask, lookup: find }));
    await expect(inTime(submitting)).rejects.toEqual(kindOf('invalid-input'));
  });

  it("is submission-unknown, never submitted, when another worker's cannot be looked up", async () => {
    const ask = inTurn<Submission>(taken);
    await expect(lookUp(attemptWith({ submit: ask }), new Date())).rejects.toEqual(kindOf('submission-unknown'));
    expect(ask.calls).toHaveLength(0);
  });
});
