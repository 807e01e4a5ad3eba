import Type from 'typebox';

/** Names of options: none that every object inherits. */
export const OPTION_NAME = '^[A-Za-z][A-Za-z0-9_]{0,63}$';
const Name = Type.String({ pattern: OPTION_NAME });
const Named = <T extends Type.TSchema>(of: T) =>
  Type.Record(Type.String({ pattern: OPTION_NAME }), of, { maxProperties: 100, additionalProperties: false });
const Value = Type.Union([Type.String({ maxLength: 200 }), Type.Number(), Type.Boolean()]);
const Length = Type.Integer({ minimum: 0 });

const keywords = {
  type: Type.Optional(Type.Enum(['string', 'integer', 'number', 'boolean', 'array'])),
  title: Type.Optional(Type.String({ maxLength: 200 })),
  description: Type.Optional(Type.String({ maxLength: 4_000 })),
  default: Type.Optional(Type.Union([Value, Type.Array(Value, { maxItems: 100 })])),
  const: Type.Optional(Value),
  enum: Type.Optional(Type.Array(Value, { minItems: 1, maxItems: 500 })),
  minimum: Type.Optional(Type.Number()),
  maximum: Type.Optional(Type.Number()),
  exclusiveMinimum: Type.Optional(Type.Number()),
  exclusiveMaximum: Type.Optional(Type.Number()),
  multipleOf: Type.Optional(Type.Number({ exclusiveMinimum: 0 })),
  minLength: Type.Optional(Length),
  maxLength: Type.Optional(Length),
  /** In the syntax of RE2: without look-around and back-references. No text of more than 1,000 characters matches. */
  pattern: Type.Optional(Type.String({ maxLength: 4_000 })),
};
const Inner = Type.Object(keywords, { additionalProperties: false });
const Option = Type.Object(
  {
    ...keywords,
    anyOf: Type.Optional(Type.Array(Inner, { minItems: 1, maxItems: 20 })),
    items: Type.Optional(Inner),
    minItems: Type.Optional(Length),
    maxItems: Type.Optional(Length),
  },
  { additionalProperties: false },
);

/**
 * What a model's option schema may be made of: each of these keywords costs no more than the size of the schema and of what is checked, so
 * that no manifest can keep a service busy. 64 kB of JSON at most.
 */
export const OptionsSchema = Type.Object(
  {
    type: Type.Literal('object'),
    additionalProperties: Type.Literal(false),
    properties: Named(Option),
    required: Type.Optional(Type.Array(Name, { maxItems: 100 })),
    /** Options that go together only. */
    dependencies: Type.Optional(Named(Type.Array(Name, { maxItems: 100 }))),
    dependentRequired: Type.Optional(Named(Type.Array(Name, { maxItems: 100 }))),
  },
  { additionalProperties: false },
);
