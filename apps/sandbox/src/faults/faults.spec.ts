import { expect, it } from '@jest/globals';
import { faults, faultsOf } from './faults.js';
import { FaultGate } from './gate.js';

it('every fault is found by its marker, wherever it stands and whatever its case', () => {
  for (const fault of Object.keys(faults)) {
    const found = faultsOf(`a fox [[Sandbox:${fault.toUpperCase()}]] in snow`);
    expect(found.has(fault as keyof typeof faults)).toBe(true);
    expect(found.unknown).toEqual([]);
  }
  expect(faultsOf('a fox [[sandbox:hang]][[sandbox:slow=2.5]]').slowSeconds).toBe(2.5);
});

it('a marker that does not exist is told, not passed over', () => {
  expect(faultsOf('[[sandbox:hangs]] [[sandbox:slow]] [[sandbox:hang=1]]').unknown).toHaveLength(3);
});

it('a text without markers has no faults', () => {
  const found = faultsOf('[[ sandbox ]] [Push in] hang');
  expect(Object.keys(faults).some((fault) => found.has(fault as keyof typeof faults))).toBe(false);
});

it('a fault of one time refuses every second try of the same text by the same asker', () => {
  const gate = new FaultGate();
  const text = '[[sandbox:rate-limited-once]]';
  const tries = () => [gate.refusalOf('one', text), gate.refusalOf('one', text)];
  expect(tries()).toEqual(['rate-limited', undefined]);
  expect(gate.refusalOf('other', text)).toBe('rate-limited');
  expect(tries()).toEqual(['rate-limited', undefined]);
});
