import { waitFor } from '@doitong/support';
import { afterEach, expect, it } from '@jest/globals';
import { type Gate, gate, openGates } from '../__fixtures__/gate.js';
import { readableLogger } from '../__fixtures__/logs.js';
import { Periodic } from './periodic.js';

afterEach(openGates);

const { logger, lines } = readableLogger('periodic');

it('never runs twice at once, however often it is woken, and runs again for a wake in the middle', async () => {
  let running = 0;
  let most = 0;
  const rounds: Gate[] = [];
  const work = async () => {
    most = Math.max(most, ++running);
    const round = gate();
    rounds.push(round);
    await round.passed;
    running -= 1;
  };
  const periodic = new Periodic('work', 3_600_000, work, logger);
  periodic.start();
  for (let n = 0; n < 50; n++) periodic.wake();
  expect(rounds).toHaveLength(1);
  rounds[0]!.open();
  await waitFor(() => expect(rounds).toHaveLength(2));
  periodic.wake();
  periodic.wake();
  rounds[1]!.open();
  await waitFor(() => expect(rounds).toHaveLength(3));
  rounds[2]!.open();
  await waitFor(() => expect(running).toBe(0));
  // No wake is left over: the next round is that of the next wake.
  await new Promise((resolve) => setImmediate(resolve));
  expect(rounds).toHaveLength(3);
  periodic.wake();
  expect(rounds).toHaveLength(4);
  rounds[3]!.open();
  await periodic.stop();
  expect({ most, rounds: rounds.length }).toEqual({ most: 1, rounds: 4 });
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
  const round = gate();
  const seen: string[] = [];
  const work = async () => {
    seen.push('begun');
    await round.passed;
    seen.push('ended');
  };
  const periodic = new Periodic('work', 1, work, logger);
  periodic.start();
  periodic.wake();
  periodic.wake();
  const stopped = periodic.stop().then(() => seen.push('stopped'));
  await new Promise((resolve) => setImmediate(resolve));
  expect(seen).toEqual(['begun']);
  round.open();
  await stopped;
  periodic.wake();
  // One of the same period that was started later comes again and again.
  let others = 0;
  const other = new Periodic('other work', 1, async () => void others++, logger);
  other.start();
  await waitFor(() => expect(others).toBeGreaterThan(3));
  await other.stop();
  expect(seen).toEqual(['begun', 'ended', 'stopped']);
});
