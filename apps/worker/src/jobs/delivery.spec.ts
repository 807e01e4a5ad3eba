import type { Output } from '@doitong/contracts';
import { VendorError, type VendorOutput } from '@doitong/providers/kit';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { attemptWith, inTurn, output } from '../__fixtures__/attempt.js';
import { NotStored } from '../outputs/outputs.js';
import { store } from './delivery.js';

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

const MINUTE_MS = 60_000;
const stored: Output = { key: 'gen_1/att_1.mp4', bytes: 10, contentType: 'video/mp4', format: 'mp4' };
const fresh: VendorOutput = { source: { url: 'http://127.0.0.1/fresh.mp4' } };
const notStored = (by: NotStored['by']) => new NotStored(by, new Error('away'));
const lost = expect.objectContaining({ kind: 'output-lost' });
const never = new AbortController().signal;

/** Time passes only here. */
const pass = (ms: number) => jest.advanceTimersByTimeAsync(ms);

/** Storing fails until so much time has passed. */
function awayFor(ms: number, error: NotStored) {
  const until = Date.now() + ms;
  const froms: unknown[] = [];
  const put = async (_: unknown, from: unknown) => {
    froms.push(from);
    if (Date.now() < until) throw error;
    return stored;
  };
  return { put, froms };
}

describe('what a vendor has made', () => {
  it.each([
    ['our store, whatever the scale of vendor times', 'store', 0.001],
    ['the network', 'network', 0.001],
    ['the vendor', 'vendor', 1],
  ] as const)('is stored although nine minutes go by without %s', async (_what, by, scale) => {
    const outputs = awayFor(9 * MINUTE_MS, notStored(by));
    const storing = store(attemptWith({}, { scale }), output, outputs, { stop: never });
    await pass(10 * MINUTE_MS);
    expect(await storing).toBe(stored);
    expect(outputs.froms.length).toBeLessThan(60);
  });

  it('is lost when it could not be stored in ten minutes', async () => {
    const outputs = awayFor(60 * MINUTE_MS, notStored('store'));
    const storing = expect(store(attemptWith({}), output, outputs, { stop: never })).rejects.toEqual(lost);
    await pass(10 * MINUTE_MS);
    await storing;
  });

  it('is tried thrice although vendor times are scaled to nothing', async () => {
    const outputs = awayFor(60 * MINUTE_MS, notStored('vendor'));
    const storing = store(attemptWith({}, { scale: 0 }), output, outputs, { stop: never });
    const over = expect(storing).rejects.toEqual(lost);
    await pass(1_000);
    await over;
    expect(outputs.froms).toHaveLength(3);
  });

  it('is fetched from where the vendor says that it is now, where that may be why', async () => {
    const where = inTurn<VendorOutput | undefined>(undefined, fresh);
    for (const [by, froms] of [
      ['vendor', [output, output, fresh]],
      ['network', [output, output, fresh]],
      ['store', [output, output, output]],
    ] as const) {
      where.calls.length = 0;
      const put = inTurn<Output>(notStored(by), notStored(by), stored);
      const storing = store(attemptWith({}), output, { put }, { stop: never, fresh: where });
      await pass(MINUTE_MS);
      expect(await storing).toBe(stored);
      expect(put.calls.map(([, from]) => from)).toEqual(froms);
    }
  });

  it('is not tried again when it is no media, or must not be fetched', async () => {
    const put = inTurn<Output>(new VendorError('output-lost', 'no media'), stored);
    await expect(store(attemptWith({}), output, { put }, { stop: never })).rejects.toThrow('no media');
    expect(put.calls).toHaveLength(1);
  });
});

describe('storing ends at once', () => {
  /** As an output that never comes. */
  const hanging = (_: unknown, __: unknown, signal: AbortSignal) =>
    new Promise<Output>((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));

  it.each([
    ['that never ends', { put: hanging }],
    ['that is tried again', { put: inTurn<Output>(notStored('store')) }],
  ])('when the attempt is over, also one %s', async (_what, outputs) => {
    const over = new AbortController();
    const storing = store(attemptWith({}), output, outputs, { stop: over.signal });
    const ended = expect(storing).rejects.toThrow('cancelled');
    await pass(500);
    over.abort(new Error('cancelled'));
    await ended;
  });

  it.each([
    ['that never ends', { put: hanging }],
    ['that is tried again', { put: inTurn<Output>(notStored('store')) }],
  ])('at the deadline, with the output lost, also one %s', async (_what, outputs) => {
    const attempt = attemptWith({}, { deadlineMs: Date.now() + MINUTE_MS });
    const ended = expect(store(attempt, output, outputs, { stop: never })).rejects.toEqual(lost);
    await pass(MINUTE_MS);
    await ended;
  });
});
