import type { Priority } from '@doitong/contracts';
import type { Fitting } from './consider.js';

const weights: Record<Priority, { quality: number; speed: number; cost: number }> = {
  QUALITY: { quality: 1, speed: 0, cost: 0 },
  SPEED: { quality: 0, speed: 1, cost: 0 },
  COST: { quality: 0, speed: 0, cost: 1 },
  BALANCED: { quality: 1 / 3, speed: 1 / 3, cost: 1 / 3 },
};

/** A score for each, 0 to 100; higher is better. Only those that are compared together have comparable scores. */
export function scoresOf(fitting: Fitting[], priority: Priority): number[] {
  const { quality, speed, cost } = weights[priority];
  const cheapest = Math.max(1, Math.min(...fitting.map(({ credits }) => credits)));
  return fitting.map(({ candidate: { model }, credits }) => {
    const price = Math.min(1, cheapest / credits);
    return quality * model.qualityRank + speed * model.speedRank + cost * 100 * price;
  });
}
