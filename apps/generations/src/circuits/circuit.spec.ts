import type { AttemptFailure } from '@doitong/contracts';
import { describe, expect, it } from '@jest/globals';
import { afterFault, type Circuit, waitOf } from './circuit.js';

const START = Date.parse('2026-01-01T00:00:00Z');
const at = (seconds: number) => new Date(START + seconds * 1_000);

interface Told {
  at: number;
  kind?: AttemptFailure['kind'];
  askedAt?: number;
  retryAfterMs?: number;
  /** Default: another account each time. */
  of?: string;
}

/** Faults one after another, each asked and told of at that second. */
function after(...faults: Told[]) {
  return faults.reduce<Circuit | undefined>(
    (circuit, { at: second, kind = 'credential', askedAt = second, retryAfterMs, of = `account-${second}` }) =>
      afterFault(circuit, { accountId: of, kind, retryAfterMs, askedAt: at(askedAt) }, at(second)),
    undefined,
  );
}
const openSeconds = (circuit: Circuit | undefined, second: number) => waitOf(circuit, at(second)) / 1_000;

describe('a circuit', () => {
  it('opens at once when the key is not valid, which no request explains', () => {
    expect(openSeconds(after({ at: 0, kind: 'credential' }), 0)).toBe(30);
  });

  it.each(['forbidden', 'balance'] as const)('opens when three accounts agree on %s', (kind) => {
    const faults = [0, 1, 2].map((second) => ({ at: second, kind }));
    expect(openSeconds(after(...faults.slice(1)), 2)).toBe(0);
    expect(openSeconds(after(...faults), 2)).toBe(30);
  });

  it.each(['unavailable', 'server-error', 'rate-limited'] as const)('opens when %s five times in a row', (kind) => {
    const faults = [0, 1, 2, 3, 4].map((second) => ({ at: second, kind }));
    expect(openSeconds(after(...faults.slice(1)), 4)).toBe(0);
    expect(openSeconds(after(...faults), 4)).toBe(30);
  });

  it.each(['forbidden', 'balance', 'unavailable', 'server-error', 'rate-limited'] as const)(
    'is never opened, nor opened again, by one account or two that meet %s, however often',
    (kind) => {
      const many = Array.from({ length: 100 }, (_, second) => second);
      const two = many.map((second) => ({ at: second, kind, of: second % 2 === 0 ? 'one' : 'two' }));
      expect(openSeconds(after(...two), 99)).toBe(0);
      const again = many.map((second) => ({ at: 31 + second, kind, of: 'one' }));
      expect(openSeconds(after({ at: 0 }, ...again), 130)).toBe(0);
      expect(openSeconds(after({ at: 0 }, ...again, { at: 130, kind, of: 'two' }), 130)).toBe(60);
    },
  );

  it('is opened by those only who agree within ten minutes', () => {
    const faults = (third: number) => [0, 1, third].map((second) => ({ at: second, kind: 'forbidden' as const }));
    expect(openSeconds(after(...faults(599)), 599)).toBe(30);
    expect(openSeconds(after(...faults(601)), 601)).toBe(0);
  });

  it('lets nobody through while it is open, and then one trial', () => {
    const circuit = after({ at: 0 });
    expect([10, 29, 30, 600].map((second) => openSeconds(circuit, second))).toEqual([20, 1, 0, 0]);
    const onTrial = { ...circuit!, trialUntil: at(90) };
    expect([31, 89, 90].map((second) => openSeconds(onTrial, second))).toEqual([2, 1, 0]);
  });

  it('stays open for twice as long after each trial that fails, up to a quarter of an hour', () => {
    const faults: { at: number }[] = [];
    const lasted: number[] = [];
    for (let second = 0, n = 0; n < 7; n++) {
      faults.push({ at: second });
      lasted.push(openSeconds(after(...faults), second));
      second += lasted[n]!;
    }
    expect(lasted).toEqual([30, 60, 120, 240, 480, 900, 900]);
  });

  it('stays open for as long as the vendor asks to be left alone, within the bound', () => {
    expect(openSeconds(after({ at: 0, retryAfterMs: 90_000 }), 0)).toBe(90);
    expect(openSeconds(after({ at: 0, retryAfterMs: 1_000 }), 0)).toBe(30);
    expect(openSeconds(after({ at: 0, retryAfterMs: 86_400_000 }), 0)).toBe(900);
  });

  it('is not opened anew by those who asked before it opened', () => {
    const circuit = after({ at: 0 }, { at: 20, askedAt: -5 });
    expect(openSeconds(circuit, 20)).toBe(10);
  });
});
