import { DoitongError } from '@doitong/contracts';
import { families } from '@doitong/providers';
import { describe, expect, it } from '@jest/globals';
import { aFamily, aModel, aProvider } from '../__fixtures__/manifests.js';
import { checkOptionSchemas, validatorOf } from './option-schema.js';

const optionsOf = (property: object, more: object = {}) => ({
  type: 'object',
  additionalProperties: false,
  properties: { style: property },
  ...more,
});
const familyWith = (options: Record<string, unknown>) =>
  aFamily('printers', aProvider('etching', { models: [aModel('etching-1', { options })] }));
/** Why a manifest with these options is refused. */
function refusal(options: Record<string, unknown>): string {
  try {
    checkOptionSchemas(familyWith(options));
    return 'none';
  } catch (error) {
    return (error as DoitongError).message;
  }
}

it.each(Object.entries(families))('the option schemas of %s are within what a manifest may have', (_, family) => {
  expect(() => checkOptionSchemas(family.manifest)).not.toThrow();
});

describe('a manifest is refused, naming the model, with an option schema', () => {
  it.each<[string, Record<string, unknown>]>([
    ['that is no object', { type: 'string' }],
    ['that lets anything in', { ...optionsOf({ type: 'string' }), additionalProperties: true }],
    ['with a pattern that looks around', optionsOf({ type: 'string', pattern: '^(?=a)a' })],
    ['with a pattern that refers back', optionsOf({ type: 'string', pattern: '(a)\\1' })],
    ['with a pattern that is too large', optionsOf({ type: 'string', pattern: '(?:abcdefghij){300}' })],
    ['with a pattern by property', optionsOf({ type: 'string' }, { patternProperties: { '(a+)+$': {} } })],
    ['with a reference', optionsOf({ $ref: '#' })],
    ['with a name of its own', optionsOf({ type: 'string' }, { $id: 'https://example.com/schema' })],
    ['with a format', optionsOf({ type: 'string', format: 'regex' })],
    ['that nests', optionsOf({ anyOf: [{ anyOf: [{ type: 'string' }] }] })],
    ['with thousands of values', optionsOf({ enum: Array.from({ length: 5_000 }, (_, n) => n) })],
    ['with large values', optionsOf({ enum: ['x'.repeat(10_000)] })],
    [
      'with hundreds of options',
      { ...optionsOf({}), properties: Object.fromEntries(Array.from({ length: 500 }, (_, n) => [`o${n}`, {}])) },
    ],
    [
      'with an option that every object inherits',
      { ...optionsOf({}), properties: JSON.parse('{"__proto__":{"type":"string"}}') },
    ],
    [
      'of a size that is out of all proportion',
      {
        ...optionsOf({}),
        properties: Object.fromEntries(
          Array.from({ length: 99 }, (_, n) => [`o${n}`, { description: 'x'.repeat(4_000) }]),
        ),
      },
    ],
  ])('%s', (_what, options) => {
    expect(refusal(options)).toMatch(/^etching \(etching-1\): options is no usable JSON Schema: /);
  });
});

it('a pattern that would keep another engine busy for ages is answered at once', () => {
  const validate = validatorOf({ options: optionsOf({ type: 'string', pattern: '^(a+)+$' }) });
  expect(validate({ style: 'aaaa' })).toBe(true);
  expect(validate({ style: `${'a'.repeat(200)}b` })).toBe(false);
});

it('a text that is longer than a thousand characters fits no pattern', () => {
  const validate = validatorOf({ options: optionsOf({ type: 'string', pattern: '^a*$' }) });
  expect([1_000, 1_001].map((length) => validate({ style: 'a'.repeat(length) }))).toEqual([true, false]);
});

it('each of several patterns of a schema is its own', () => {
  const patterns = { anyOf: [{ pattern: '^a$' }, { pattern: '^b$' }] };
  const validate = validatorOf({ options: optionsOf({ type: 'string', ...patterns }) });
  expect(['a', 'b', 'c'].map((style) => validate({ style }))).toEqual([true, true, false]);
});
