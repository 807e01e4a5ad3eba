import { priceOf } from '@doitong/contracts';
import type { GenerationRow } from '../generations/generation.entity.js';

/** What a generation cost by the length of its output, where it goes by that; never more than was set aside. */
export function costOf({ credits, metered, input, options, output }: GenerationRow): number {
  const seconds = output?.durationSeconds;
  if (!metered || seconds === undefined) return credits;
  return Math.min(credits, priceOf(metered, input, options, seconds));
}
