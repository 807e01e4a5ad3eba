import type { Priority } from '@doitong/contracts';
import type { Fitting } from './consider.js';

/** What counts how much; each row adds up to 1. */
const weights: Record<Priority, { quality: number; speed: number; cost: number }> = {
  QUALITY: { quality: 1, speed: 0, cost: 0 },
  SPEED: { quality: 0, speed: 1, cost: 0 },
  COST: { quality: 0, speed: 0, cost: 1 },
  BALANCED: { quality: 1 / 3, speed: 1 / 3, cost: 1 / 3 },
};

/** A model that succeeds this often is as good as one that always does: the failures of few attempts are noise. */
const HEALTHY_RATE = 0.8;
/** So steep that half the success costs ten times the score: no price or rank makes up for a model that fails. */
const FAILING_POWER = 4;

/**
 * A score for each, 0 to 100; higher is better. Quality is the model's rank; speed and cost are in proportion to the fastest and the
 * cheapest of those compared, by measured seconds and by the price of this very request. All of it counts only as far as the model succeeds.
 */
export function scoresOf(fitting: Fitting[], priority: Priority): number[] {
  const { quality, speed, cost } = weights[priority];
  const fastest = least(fitting.map(({ candidate }) => candidate.health.seconds));
  const cheapest = least(fitting.map(({ credits }) => credits));
  return fitting.map(({ candidate: { model, health }, credits }) => {
    const success = Math.min(1, health.successRate / HEALTHY_RATE) ** FAILING_POWER;
    const parts =
      quality * (model.qualityRank / 100) +
      speed * (fastest / least([health.seconds])) +
      cost * (cheapest / least([credits]));
    return Math.round(success * parts * 10_000) / 100;
  });
}

/** Not less than one second or credit: nothing is infinitely better than another. */
function least(values: number[]): number {
  return Math.max(1, Math.min(...values));
}
