import Type, { type Static } from 'typebox';
import { OPTION_NAME } from './options-schema.js';
import { ContentType, Credits, JsonObject } from './vocabulary.js';

/** Whether a model takes an input. */
const InputUse = Type.Enum(['required', 'optional', 'unsupported']);

/**
 * What a generation costs as data, in credits, or in micro-USD where a vendor charges it:
 * `(base + perSecond × duration + perThousandCharacters × ⌈characters / 1000⌉) × count × Π multipliers[option][value]`, rounded up,
 * where duration and count are the options of those names (`defaultSeconds` and 1 when absent). Of a model whose length is that of its
 * sound, duration is that length where the option is absent (`lengthFrom`).
 */
export const Price = Type.Object({
  base: Credits,
  perSecond: Type.Optional(Type.Number({ minimum: 0 })),
  defaultSeconds: Type.Optional(Type.Number({ minimum: 0 })),
  perThousandCharacters: Type.Optional(Type.Number({ minimum: 0 })),
  multipliers: Type.Optional(Type.Record(Type.String(), Type.Record(Type.String(), Type.Number({ minimum: 0 })))),
});
export type Price = Static<typeof Price>;

const Values = Type.Record(Type.String({ pattern: OPTION_NAME }), Type.Unknown(), { additionalProperties: false });

/**
 * An option combination that the vendor can do only nearly: when every option of `when` has that value,
 * those of `set` take its place, and `because` is told in `metadata.adjustments`.
 */
export const Adjustment = Type.Object({ when: Values, set: Values, because: Type.String() });
export type Adjustment = Static<typeof Adjustment>;

/** One concrete vendor model. */
export const ModelManifest = Type.Object({
  /** As customers name it in `options.model`; unique within its provider. */
  id: Type.String(),
  name: Type.String(),
  lifecycle: Type.Enum(['ACTIVE', 'DEPRECATED', 'RETIRED']),
  /** Model id of the same provider that serves in place of a retired one. */
  successor: Type.Optional(Type.String()),
  inputs: Type.Object({ text: InputUse, image: InputUse, audio: InputUse, voice: InputUse }),
  /** Longest text, in characters. */
  maxCharacters: Type.Integer({ minimum: 1 }),
  /**
   * JSON Schema of `options`, of what `OptionsSchema` allows: a `description` for each property, and a `default` unless its absence has
   * a meaning of its own (such as a random seed).
   */
  options: JsonObject,
  adjustments: Type.Array(Adjustment),
  price: Price,
  /**
   * `sound`: without the option `duration`, an output is as long as input.audio, or as input.text takes to be spoken, and is priced by
   * that: audio is measured before the vendor is asked, and more set aside if need be; speech has the longest that it can take set aside;
   * and what was not needed is given back at the end.
   */
  lengthFrom: Type.Optional(Type.Literal('sound')),
  /** What the vendor charges, in micro-USD, for who asks it and is not told by its answers; absent where that is not known. */
  vendorPrice: Type.Optional(Price),
  /** Seconds that a typical generation takes: when to poll first, and `estimatedTime`. */
  expectedSeconds: Type.Number({ minimum: 0 }),
  /** Seconds after which a generation is given up. */
  deadlineSeconds: Type.Number({ minimum: 1 }),
  /** 1 (worst) to 100 (best), relative to others of the same content type. */
  qualityRank: Type.Integer({ minimum: 1, maximum: 100 }),
  speedRank: Type.Integer({ minimum: 1, maximum: 100 }),
});
export type ModelManifest = Static<typeof ModelManifest>;

/** A product line: what the public `provider` field names. The first model that can do a request is its default for it. */
export const ProviderManifest = Type.Object({
  id: Type.String(),
  aliases: Type.Array(Type.String()),
  name: Type.String(),
  description: Type.String(),
  type: ContentType,
  features: Type.Array(Type.String()),
  limitations: Type.Array(Type.String()),
  models: Type.Array(ModelManifest, { minItems: 1 }),
});
export type ProviderManifest = Static<typeof ProviderManifest>;

export const FamilyManifest = Type.Object({
  family: Type.String({ pattern: '^[a-z0-9-]+$' }),
  providers: Type.Array(ProviderManifest, { minItems: 1 }),
});
export type FamilyManifest = Static<typeof FamilyManifest>;
