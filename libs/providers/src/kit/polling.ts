/** No delay is shorter, however fast the sandbox. */
const shortestMs = 20;

/**
 * How long to wait before each poll, in milliseconds: first until the expected time, then a twentieth of what has passed,
 * from 1 s to 15 s. `elapsedMs` is what has passed already, for a task that is resumed. `scale` stretches all times but
 * `elapsedMs`, as SANDBOX_SPEED does the sandbox's. `random`, 0 to 1, delays by up to a tenth, so that tasks do not poll in step.
 */
export function* pollDelays({
  expectedMs,
  elapsedMs = 0,
  scale = 1,
  random = Math.random,
}: {
  expectedMs: number;
  elapsedMs?: number;
  scale?: number;
  random?: () => number;
}): Generator<number, never> {
  for (let elapsed = elapsedMs; ; ) {
    const untilExpected = expectedMs * scale - elapsed;
    const wait = untilExpected > 0 ? untilExpected : clamp(elapsed / 20, 1_000 * scale, 15_000 * scale);
    const delay = Math.max(shortestMs, Math.round(wait * (1 + random() / 10)));
    yield delay;
    elapsed += delay;
  }
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(Math.max(value, least), most);
}
