import {
  type FamilyManifest,
  type GenerationInput,
  type ModelManifest,
  type Price,
  type PriceFall,
  priceOf,
} from '@doitong/contracts';

/** What a model of a provider costs, as operators know it. */
export interface KnownPrice {
  provider: string;
  model: string;
  price: Price;
}

/** A price may fall to this part of what operators know without asking them. */
const FREE_TO_FALL = 0.5;
const LONGEST_TEXT = 10_000;
/** Of sound, where that decides the length. */
const A_SECOND = 1;

export function pricesOf({ providers }: FamilyManifest): KnownPrice[] {
  return providers.flatMap(({ id, models }) => models.map(({ id: model, price }) => ({ provider: id, model, price })));
}

/** Of each model that would cost nothing, or less than half of what is known of it: the request of which that is most so. */
export function fallsOf(known: KnownPrice[], { providers }: FamilyManifest): PriceFall[] {
  return providers.flatMap(({ id: provider, models }) =>
    models.flatMap((model) => {
      const before = known.find((one) => one.provider === provider && one.model === model.id)?.price;
      const sound = model.lengthFrom === 'sound' ? A_SECOND : undefined;
      const found = requests(model, before)
        .map(([input, options]) => ({
          from: before ? priceOf(before, input, options, sound) : null,
          to: priceOf(model.price, input, options, sound),
        }))
        .filter(({ from, to }) => to === 0 || (from !== null && to < from * FREE_TO_FALL))
        .sort((a, b) => a.to - b.to)[0];
      return found ? [{ provider, model: model.id, ...found }] : [];
    }),
  );
}

type Asked = [GenerationInput, Record<string, unknown>];

/** By each option value that either price goes by, one at a time, and by the shortest and the longest text. */
function requests(model: ModelManifest, before: Price | undefined): Asked[] {
  const properties = model.options.properties as Record<string, Property>;
  const defaults = Object.fromEntries(
    Object.entries(properties).flatMap(([name, { default: value }]) => (value === undefined ? [] : [[name, value]])),
  );
  const values: [string, unknown[]][] = [
    ...[model.price, before].flatMap((price) =>
      Object.entries(price?.multipliers ?? {}).map(([option, factors]): [string, unknown[]] => [
        option,
        Object.keys(factors),
      ]),
    ),
    ...['duration', 'count'].map((option): [string, unknown[]] => [option, numbersOf(properties[option])]),
  ];
  const text = model.inputs.text === 'unsupported' ? '' : 'x';
  const longest = text.repeat(Math.min(model.maxCharacters, LONGEST_TEXT));
  return [
    [{ text }, defaults],
    [{ text: longest }, defaults],
    ...values.flatMap(([option, all]) => all.map((value): Asked => [{ text }, { ...defaults, [option]: value }])),
  ];
}

interface Property {
  default?: unknown;
  enum?: unknown[];
  minimum?: number;
  maximum?: number;
}

const numbersOf = ({ enum: values = [], minimum, maximum }: Property = {}) =>
  [...values, minimum, maximum].filter((value) => typeof value === 'number');
