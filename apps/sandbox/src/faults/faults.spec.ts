import { expect, it } from '@jest/globals';
import { faults, faultsOf } from './faults.js';
import { FaultGate } from './gate.js';

const of = (prompt: string) => faultsOf({ family: 'minimax', prompt });

it('every fault is found by its marker, wherever it stands and whatever its case', () => {
  for (const fault of Object.keys(faults)) {
    const found = of(`a fox [[Sandbox:${fault.toUpperCase()}]] in snow`);
    expect(found.has(fault as keyof typeof faults)).toBe(true);
    expect(found.unknown).toEqual([]);
  }
  expect(of('a fox [[sandbox:hang]][[sandbox:slow=2.5]]').slowSeconds).toBe(2.5);
});

it('a marker that does not exist is told, not passed over', () => {
  const typos = '[[sandbox:hangs]] [[sandbox:slow]] [[sandbox:hang=1]] [[sandbox:hangs@acme]] [[sandbox:constructor]]';
  expect(of(typos).unknown).toHaveLength(5);
});

it('a marker that names a family is a fault of no other', () => {
  const found = of('[[sandbox:failed@minimax]] [[sandbox:hang@hedra]] [[sandbox:slow=3@hedra]]');
  expect([found.has('failed'), found.has('hang'), found.slowSeconds, found.unknown]).toEqual([
    true,
    false,
    undefined,
    [],
  ]);
});

it('a text without markers has no faults', () => {
  const found = of('[[ sandbox ]] [Push in] hang');
  expect(Object.keys(faults).some((fault) => found.has(fault as keyof typeof faults))).toBe(false);
});

it('the refusals of one time stand in line, and those of each time come before them', () => {
  const gate = new FaultGate();
  const ask = (prompt: string) => gate.refusalOf({ family: 'minimax', credential: 'one', prompt });
  const both = '[[sandbox:rate-limited-once]] [[sandbox:overloaded-once]]';
  expect([ask(both), ask(both)]).toEqual(['overloaded', 'rate-limited']);
  const always = '[[sandbox:server-error]] [[sandbox:rate-limited-once]]';
  expect([ask(always), ask(always)]).toEqual(['server-error', 'server-error']);
});

it('a gateway refuses the first look at each task, whoever has looked at another', () => {
  const gate = new FaultGate();
  const look = (id: string) =>
    gate.refusesLook({ id, family: 'minimax', credential: 'one', prompt: '[[sandbox:proxy-refusal-once]]' });
  expect([look('a'), look('b'), look('a'), look('b'), look('a')]).toEqual([true, true, false, false, false]);
});

it('a fault of one time refuses every second try of the same text by the same asker', () => {
  const gate = new FaultGate();
  const prompt = '[[sandbox:rate-limited-once]]';
  const ask = (credential: string) => gate.refusalOf({ family: 'minimax', credential, prompt });
  const tries = () => [ask('one'), ask('one')];
  expect(tries()).toEqual(['rate-limited', undefined]);
  expect(ask('other')).toBe('rate-limited');
  expect(tries()).toEqual(['rate-limited', undefined]);
});
