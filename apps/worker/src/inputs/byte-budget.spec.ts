import { expect, it } from '@jest/globals';
import { ByteBudget } from './byte-budget.js';

const never = new AbortController().signal;

/** Who has been let in so far. */
function asking(budget: ByteBudget) {
  const inside: string[] = [];
  const ask = async (name: string, bytes: number, signal = never) => {
    const giveBack = await budget.take(bytes, signal);
    inside.push(name);
    return giveBack;
  };
  return { inside, ask };
}
const settled = () => new Promise((resolve) => setImmediate(resolve));

it('no more bytes are in hand at once than agreed, and who waits is let in in turn', async () => {
  const { inside, ask } = asking(new ByteBudget(10));
  const first = await ask('a', 6);
  const others = [ask('b', 6), ask('c', 1), ask('d', 4)];
  await settled();
  expect(inside).toEqual(['a']);
  first();
  const [second, third] = [await others[0]!, await others[1]!];
  await settled();
  expect(inside).toEqual(['a', 'b', 'c']);
  second();
  second();
  await others[2];
  expect(inside).toEqual(['a', 'b', 'c', 'd']);
  third();
});

it('who leaves the row holds up nobody', async () => {
  const { inside, ask } = asking(new ByteBudget(10));
  await ask('a', 6);
  const leaving = new AbortController();
  const left = ask('b', 10, leaving.signal);
  const next = ask('c', 4);
  leaving.abort(new Error('cancelled'));
  await expect(left).rejects.toThrow('cancelled');
  await next;
  expect(inside).toEqual(['a', 'c']);
});

it('more than there are at all wait for all, and not for ever', async () => {
  const { inside, ask } = asking(new ByteBudget(10));
  const giveBack = await ask('a', 1);
  const large = ask('b', 1_000);
  await settled();
  expect(inside).toEqual(['a']);
  giveBack();
  await large;
  expect(inside).toEqual(['a', 'b']);
});
