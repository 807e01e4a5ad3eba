import type { GenerationInput } from './generations.js';
import type { ModelManifest, Price } from './manifest.js';

/**
 * Credits, or micro-USD, for one generation, by the formula that `Price` documents. Options are effective, defaults filled in. `soundSeconds`:
 * how long the output is where the option `duration` does not say it.
 */
export function priceOf(
  price: Price,
  input: GenerationInput,
  options: Record<string, unknown>,
  soundSeconds?: number,
): number {
  const seconds = typeof options.duration === 'number' ? options.duration : (soundSeconds ?? price.defaultSeconds ?? 0);
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

/** What is set aside for a request, in credits, and the price by which it is known in the end what it costs. */
export interface Costing {
  credits: number;
  /** Null where the credits are exact from the start. */
  metered: Price | null;
}

/** What a model costs for a request, as far as that is known before any file of it is read. */
export function costingOf(
  { price, lengthFrom }: Pick<ModelManifest, 'price' | 'lengthFrom'>,
  input: GenerationInput,
  options: Record<string, unknown>,
): Costing {
  const isMetered = lengthFrom === 'sound' && price.perSecond !== undefined && typeof options.duration !== 'number';
  const longest =
    isMetered && !isGiven(input.audio) ? longestSpeechSeconds(input.text ?? '', options.speed) : undefined;
  return { credits: priceOf(price, input, options, longest), metered: isMetered ? price : null };
}

const isGiven = (url: string | undefined) => url !== undefined && url.trim() !== '';

/** Seconds that slow speech takes for a letter, and for all that may be a word of its own: a digit, a sign, an ideograph, a pause. */
const LETTER_SECONDS = 0.1;
const SIGN_SECONDS = 0.5;
/** Before the first word and after the last. */
const SILENCE_SECONDS = 1;
const letters = /[\p{L}\p{M}\s]/u;
const syllables = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/u;

/** How long a text takes to be spoken at the most, in all likelihood. Slow readers say ten letters a second. `speed`: a factor, 1 when absent. */
function longestSpeechSeconds(text: string, speed: unknown): number {
  const seconds = [...text].reduce(
    (sum, sign) => sum + (letters.test(sign) && !syllables.test(sign) ? LETTER_SECONDS : SIGN_SECONDS),
    SILENCE_SECONDS,
  );
  return seconds / (typeof speed === 'number' && speed > 0 ? speed : 1);
}
