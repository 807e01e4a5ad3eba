import { expect, it } from '@jest/globals';
import { Batches } from './batches.js';

it('what is asked at one time is decided together, each answered with its own; what comes meanwhile goes with the next', async () => {
  const seen: number[][] = [];
  let letGo = () => {};
  const held = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  const batches = new Batches<number, number>(async (asks) => {
    seen.push(asks);
    await held;
    return asks.map((ask) => ask * 10);
  }, 3);
  const answers = [1, 2, 3, 4, 5, 6, 7, 8].map((ask) => batches.ask(ask));
  // A batch takes a turn of the event loop: more of them than there are batches, however long each lasts.
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
  expect(seen).toEqual([
    [1, 2, 3],
    [4, 5, 6],
  ]);
  letGo();
  expect(await Promise.all(answers)).toEqual([10, 20, 30, 40, 50, 60, 70, 80]);
  expect(seen).toHaveLength(3);
});

it('a batch that fails fails each of its own, and no other', async () => {
  const batches = new Batches<number, number>(async (asks) => {
    if (asks.includes(2)) throw new Error('no');
    return asks;
  }, 2);
  const outcomes = await Promise.allSettled([1, 2, 3].map((ask) => batches.ask(ask)));
  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'fulfilled']);
});
