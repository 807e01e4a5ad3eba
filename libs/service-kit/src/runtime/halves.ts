import { isOfServer } from '../persistence/server-errors.js';

/**
 * What came of each of `asks`, which share a statement. One that makes it fail must not fail the others: it is found by halves, in
 * less than twice as many statements as there are asks. A `decide` that fails must have done nothing. `isOfOne` tells whether a failure can
 * be the fault of one of several; of a server that is gone they all fail at once.
 */
export async function byHalves<Ask, Answer>(
  asks: Ask[],
  decide: (asks: Ask[]) => Promise<Answer[]>,
  isOfOne: (error: unknown) => boolean = (error) => !isOfServer(error),
): Promise<PromiseSettledResult<Answer>[]> {
  try {
    const answers = await decide(asks);
    return asks.map((_, index) => ({ status: 'fulfilled', value: answers[index]! }));
  } catch (reason) {
    if (asks.length === 1 || !isOfOne(reason)) return asks.map(() => ({ status: 'rejected', reason }));
    const middle = Math.ceil(asks.length / 2);
    const halves = [asks.slice(0, middle), asks.slice(middle)];
    return (await Promise.all(halves.map((half) => byHalves(half, decide, isOfOne)))).flat();
  }
}

/** What came of one, as if it had been asked alone. */
export function answerOf<Answer>(outcome: PromiseSettledResult<Answer>): Answer {
  if (outcome.status === 'rejected') throw outcome.reason;
  return outcome.value;
}
