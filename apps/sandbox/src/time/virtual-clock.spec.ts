import { expect, it } from '@jest/globals';
import { ClockStopped, VirtualClock } from './virtual-clock.js';

it('whoever waits when the clock is stopped is told, and so is who would wait after that', async () => {
  const clock = new VirtualClock();
  const waiting = expect(clock.until(clock.now() + 3_600_000)).rejects.toThrow(ClockStopped);
  clock.stop();
  await waiting;
  await expect(clock.until(clock.now() + 3_600_000)).rejects.toThrow(ClockStopped);
});

it('moved on, it keeps what has become due and lets the rest wait', async () => {
  const clock = new VirtualClock();
  const kept: string[] = [];
  const [soon, late] = [600_000, 1_200_000].map((ms) => clock.until(clock.now() + ms));
  const both = [soon!.then(() => kept.push('soon')), late!.then(() => kept.push('late'))];
  clock.advance(900_000);
  await both[0];
  expect(kept).toEqual(['soon']);
  clock.advance(900_000);
  await both[1];
  expect(kept).toEqual(['soon', 'late']);
});
