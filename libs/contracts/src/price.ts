import type { GenerationInput } from './generations.js';
import type { Price } from './manifest.js';

/** Credits, or micro-USD, for one generation, by the formula that `Price` documents. Options are effective, defaults filled in. */
export function priceOf(price: Price, input: GenerationInput, options: Record<string, unknown>): number {
  const seconds = typeof options.duration === 'number' ? options.duration : (price.defaultSeconds ?? 0);
  const thousands = Math.ceil([...(input.text ?? '')].length / 1000);
  const count = typeof options.count === 'number' ? options.count : 1;
  let credits =
    (price.base + (price.perSecond ?? 0) * seconds + (price.perThousandCharacters ?? 0) * thousands) * count;
  for (const [option, factors] of Object.entries(price.multipliers ?? {})) {
    const value = String(options[option]);
    // A value may have the name of what every object inherits, such as `constructor`.
    if (Object.hasOwn(factors, value)) credits *= factors[value]!;
  }
  // Binary fractions leave noise: 0.07 × 100 is a little more than 7, and must not cost 8.
  return Math.ceil(Number(credits.toFixed(6)));
}
