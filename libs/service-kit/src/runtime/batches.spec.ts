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

it('who makes a batch fail fails alone, whatever the cause, and the others are answered with their own', async () => {
  const batches = new Batches<number, number>(async (asks) => {
    const bad = asks.find((ask) => ask % 10 === 7);
    if (bad !== undefined) throw new Error(`${bad} is bad`);
    return asks.map((ask) => ask * 10);
  }, 100);
  const asks = Array.from({ length: 100 }, (_, n) => n);
  const outcomes = await Promise.all(asks.map((ask) => batches.ask(ask).catch(({ message }) => message)));
  expect(outcomes).toEqual(asks.map((ask) => (ask % 10 === 7 ? `${ask} is bad` : ask * 10)));
});

it.each([
  ['refuses connections', Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:5432'), { code: 'ECONNREFUSED' })],
  ['is gone in the middle of a statement', new Error('Connection terminated unexpectedly')],
  ['was told to end', Object.assign(new Error('terminating connection'), { code: '57P01' })],
])('a server that %s is asked once for a batch, which fails as a whole', async (_, error) => {
  let asked = 0;
  const batches = new Batches<number, number>(async () => {
    asked += 1;
    throw error;
  }, 10);
  const outcomes = await Promise.allSettled([1, 2, 3].map((ask) => batches.ask(ask)));
  expect(outcomes).toEqual(Array(3).fill({ status: 'rejected', reason: error }));
  expect(asked).toBe(1);
});
