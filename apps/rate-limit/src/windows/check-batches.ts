import type { RequestOf, rateLimit } from '@doitong/contracts';
import { answerOf, Batches, byHalves } from '@doitong/service-kit';
import { Injectable } from '@nestjs/common';
import { type Ask, type Found, WindowsRepository } from './windows.repository.js';

type Check = RequestOf<typeof rateLimit.check>;

/** One check's answer: its window as it was when this check, and none after it, was counted. */
type Verdict = Found & { allowed: boolean };

/** Checks that are alike, in the order in which they came, by their place in the batch. */
interface Group {
  ask: Ask;
  places: number[];
}

const LARGEST_BATCH = 1_000;

/** Lets checks that come at about the same time share a statement. */
@Injectable()
export class CheckBatches {
  private readonly batches = new Batches<Check, PromiseSettledResult<Verdict>>(
    (checks) => this.decide(checks),
    LARGEST_BATCH,
  );

  constructor(private readonly windows: WindowsRepository) {}

  async take(check: Check): Promise<Verdict> {
    return answerOf(await this.batches.ask(check));
  }

  /** Each round by halves: what was counted in a round before must not be counted again. */
  private async decide(checks: Check[]): Promise<PromiseSettledResult<Verdict>[]> {
    const verdicts: PromiseSettledResult<Verdict>[] = [];
    for (const groups of rounds(checks)) {
      const found = await byHalves(groups, (some) => this.windows.take(some.map(({ ask }) => ask)));
      for (const [index, group] of groups.entries()) answer(group, found[index]!, verdicts);
    }
    return verdicts;
  }
}

/** A statement changes a row once: what else is asked of the same window, at another cost or limit, waits for the next. */
function rounds(checks: Check[]): Group[][] {
  const byWindow = new Map<string, Map<string, Group>>();
  for (const [place, { key, window, cost, limit }] of checks.entries()) {
    const groups = byWindow.get(`${window} ${key}`) ?? new Map<string, Group>();
    const group = groups.get(`${cost} ${limit}`) ?? { ask: { key, window, cost, limit, checks: 0 }, places: [] };
    group.ask.checks += 1;
    group.places.push(place);
    byWindow.set(`${window} ${key}`, groups.set(`${cost} ${limit}`, group));
  }
  const all: Group[][] = [];
  for (const groups of byWindow.values()) {
    for (const [round, group] of [...groups.values()].entries()) all[round] = [...(all[round] ?? []), group];
  }
  return all;
}

/** The first ones were admitted, each of which saw only those before it. */
function answer(
  { ask: { cost }, places }: Group,
  outcome: PromiseSettledResult<Found & { admitted: number }>,
  verdicts: PromiseSettledResult<Verdict>[],
): void {
  if (outcome.status === 'rejected') {
    for (const place of places) verdicts[place] = outcome;
    return;
  }
  const { admitted, ...found } = outcome.value;
  for (const [index, place] of places.entries()) {
    const allowed = index < admitted;
    const later = allowed ? (admitted - 1 - index) * cost : 0;
    const [newest = 0, ...older] = found.counts;
    const value = { ...found, counts: [newest - later, ...older], allowed };
    verdicts[place] = { status: 'fulfilled', value };
  }
}
