import { waitFor } from '@doitong/support';
import { expect, it } from '@jest/globals';
import { readableLogger } from '../__fixtures__/logs.js';
import { Periodic } from './periodic.js';

const { logger, lines } = readableLogger('periodic');
const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

it('never runs twice at once, however often it is woken, and runs again for a wake in the middle', async () => {
  let running = 0;
  let most = 0;
  let rounds = 0;
  const work = async () => {
    most = Math.max(most, ++running);
    await pause(20);
    running -= 1;
    rounds += 1;
  };
  const periodic = new Periodic('work', 60_000, work, logger);
  periodic.start();
  for (let n = 0; n < 50; n++) periodic.wake();
  await pause(5);
  periodic.wake();
  await waitFor(() => expect(rounds).toBe(2));
  await pause(50);
  expect({ most, rounds }).toEqual({ most: 1, rounds: 2 });
  await periodic.stop();
});

it('comes again by itself, also after a round that failed', async () => {
  let rounds = 0;
  const work = async () => {
    rounds += 1;
    if (rounds === 2) throw new Error('second round');
  };
  const periodic = new Periodic('failing work', 5, work, logger);
  periodic.start();
  await waitFor(() => expect(rounds).toBeGreaterThan(4));
  await periodic.stop();
  expect(lines).toMatchObject([{ msg: 'failing work failed', level: 'error' }]);
});

it('is over when stop resolves: the round under way has ended, and no other begins', async () => {
  let ended = 0;
  const work = async () => {
    await pause(30);
    ended += 1;
  };
  const periodic = new Periodic('work', 1, work, logger);
  periodic.start();
  periodic.wake();
  await pause(5);
  periodic.wake();
  await periodic.stop();
  expect(ended).toBe(1);
  periodic.wake();
  await pause(50);
  expect(ended).toBe(1);
});
