import { DoitongError } from '@doitong/contracts';
import { describe, expect, it } from '@jest/globals';
import { acme, holder, inTurn } from '../__fixtures__/attempt.js';
import { Reports } from './reports.js';

const unheard = new DoitongError('INTERNAL', 'A part of the service is not available. Please try again.');
const asked = { ...holder, beginId: 'begin-1', credentials: {} };

const never = new AbortController().signal;

function reportsTo(request: (...args: unknown[]) => Promise<unknown>) {
  return new Reports({ request } as never, acme);
}

describe('a begin', () => {
  it('whose answer was lost is asked again as it was, so that it gets the same answer', async () => {
    const request = inTurn<unknown>(unheard, unheard, { action: 'drop' });
    expect(await reportsTo(request).begin(asked, new AbortController().signal)).toEqual({ action: 'drop' });
    expect(request.calls.map(([, body]) => body)).toEqual([asked, asked, asked]);
  });

  it('that is refused is not asked again', async () => {
    const refused = new DoitongError('INVALID_INPUT', 'No such attempt.');
    const request = inTurn<unknown>(refused);
    await expect(reportsTo(request).begin(asked, new AbortController().signal)).rejects.toBe(refused);
    expect(request.calls).toHaveLength(1);
  });

  it('that nobody hears is given up when the worker goes', async () => {
    const request = inTurn<unknown>(unheard);
    const going = new AbortController();
    const begun = reportsTo(request).begin(asked, going.signal);
    // By then it waits for its next try.
    await new Promise((resolve) => setImmediate(resolve));
    going.abort();
    await expect(begun).rejects.toBe(unheard);
    expect(request.calls).toHaveLength(1);
  });
});

it('what a vendor says is told also where it holds characters that cannot be stored', async () => {
  const failure = { code: 'GENERATION_FAILED', retryable: true, stage: 'PROCESSING', kind: 'failed' } as const;
  const request = inTurn<unknown>({ live: true });
  await reportsTo(request).failed({ ...holder, failure: { ...failure, message: 'a\0b\ud83e ☃' } }, never);
  expect(request.calls.map(([, body]) => body)).toEqual([
    { ...holder, failure: { ...failure, message: 'a\ufffdb\ufffd ☃' } },
  ]);
});

it.each([-1, 1e300, 0.5, Number.NaN, Number.POSITIVE_INFINITY])(
  'a cost of %d is told as one that is not known: it keeps no output from being told',
  async (vendorCostMicroUsd) => {
    const request = inTurn<unknown>({ live: true });
    const output = { key: 'gen_1/att_1/a.mp4', bytes: 10, contentType: 'video/mp4', format: 'mp4' };
    await reportsTo(request).completed({ ...holder, output, vendorCostMicroUsd }, never);
    expect(JSON.parse(JSON.stringify(request.calls[0]?.[1]))).toEqual({ ...holder, output });
  },
);
