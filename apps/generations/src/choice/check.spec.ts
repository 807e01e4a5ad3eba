import { DoitongError, type GenerateInput, type ModelManifest } from '@doitong/contracts';
import { describe, expect, it } from '@jest/globals';
import { aModel, aProvider, aRequest } from '../__fixtures__/manifests.js';
import { checkAgainst } from './check.js';

const check = (request: Partial<GenerateInput>, changes: Partial<ModelManifest> = {}) =>
  checkAgainst(aProvider('brush'), aModel('brush-1', changes), aRequest(request));

function refusal(request: Partial<GenerateInput>, changes?: Partial<ModelManifest>) {
  try {
    check(request, changes);
  } catch (error) {
    if (error instanceof DoitongError) return error.body;
    throw error;
  }
  throw new Error('not refused');
}

describe('options', () => {
  it('are given the defaults of what was not asked for, and the request stays as it was', () => {
    const options = { duration: 10, model: 'brush-1' };
    expect(check({ options })).toEqual({
      options: { duration: 10, resolution: '768p', strength: 0.5 },
      adjustments: [],
    });
    expect(options).toEqual({ duration: 10, model: 'brush-1' });
    expect(check({}).options).toEqual({ duration: 6, resolution: '768p', strength: 0.5 });
  });

  const LIMITS = { comparison: '<=', limit: 1 };
  it.each([
    ['a value that is not offered', { duration: 7 }, 'options.duration', [6, 10]],
    ['a word that is not offered', { resolution: '4k' }, 'options.resolution', ['768p', '1080p']],
    ['a negative number', { strength: -0.1 }, 'options.strength', { comparison: '>=', limit: 0 }],
    ['a number too large', { strength: 1.1 }, 'options.strength', LIMITS],
    ['not a number', { strength: Number.NaN }, 'options.strength', { type: 'number' }],
    ['infinity', { strength: Number.POSITIVE_INFINITY }, 'options.strength', { type: 'number' }],
    ['a number as a string', { strength: '0.5' }, 'options.strength', { type: 'number' }],
    ['null', { strength: null }, 'options.strength', { type: 'number' }],
    [
      'an option that there is none of',
      { lens: 'wide' },
      'options.lens',
      ['model', 'duration', 'resolution', 'strength'],
    ],
    ['a prototype', JSON.parse('{"__proto__": {"duration": 7}}'), 'options.__proto__', expect.anything()],
  ])('are refused with %s, naming the field and what it may be', (_, options, field, allowed) => {
    expect(refusal({ options })).toEqual({
      code: 'INVALID_INPUT',
      message: expect.stringContaining('brush'),
      retryable: false,
      billed: false,
      stage: 'ADMISSION',
      field,
      allowed,
    });
  });

  it('that depend on others or are nested are named by their whole path', () => {
    const schema = {
      type: 'object',
      additionalProperties: false,
      required: ['style'],
      properties: { style: { type: 'object', properties: { tone: { enum: ['warm', 'cold'] } } } },
    };
    expect(refusal({}, { options: schema })).toMatchObject({ field: 'options.style' });
    expect(refusal({ options: { style: { tone: 'loud' } } }, { options: schema })).toMatchObject({
      field: 'options.style.tone',
      allowed: ['warm', 'cold'],
    });
    expect(refusal({}, { options: { ...schema, required: [], minProperties: 1 } })).toMatchObject({ field: 'options' });
  });

  it('that the vendor can do only nearly are adjusted, which is told', () => {
    const because = '10 s come at 768p.';
    const adjustments = [{ when: { duration: 10, resolution: '1080p' }, set: { resolution: '768p' }, because }];
    expect(check({ options: { duration: 10, resolution: '1080p' } }, { adjustments })).toEqual({
      options: { duration: 10, resolution: '768p', strength: 0.5 },
      adjustments: [because],
    });
    expect(check({ options: { duration: 6, resolution: '1080p' } }, { adjustments }).adjustments).toEqual([]);
  });
});

describe('a voice', () => {
  const options = { type: 'object', properties: { voice: { type: 'string', enum: ['rachel', 'sarah'] } } };
  const inputs = { text: 'optional', image: 'unsupported', audio: 'unsupported', voice: 'optional' } as const;
  const ask = (voice: string) => ({ input: { text: 'hello', voice } });

  it.each(['bob', 'constructor', '__proto__', 'toString'])('that does not exist is refused: %s', (voice) => {
    expect(refusal(ask(voice), { options, inputs })).toMatchObject({
      code: 'INVALID_INPUT',
      field: 'input.voice',
      message: expect.stringContaining(`"${voice}"`),
      allowed: ['rachel', 'sarah'],
    });
  });

  it.each(['rachel', ' sarah ', ' '])('that exists is taken: "%s"', (voice) => {
    expect(() => check(ask(voice), { options, inputs })).not.toThrow();
  });

  it('is as free as the model leaves it', () => {
    expect(() => check(ask('bob'), { options: { type: 'object', properties: {} }, inputs })).not.toThrow();
  });
});

describe('inputs', () => {
  it.each([
    ['that are needed', { text: ' ' }, 'input.text'],
    ['that are not taken', { text: 'hello', audio: 'https://example.com/a.mp3' }, 'input.audio'],
  ])('%s are checked', (_, input, field) => {
    expect(refusal({ input })).toMatchObject({ code: 'INVALID_INPUT', field });
  });

  it('have a length in characters, however many units or bytes each takes', () => {
    const text = '🪁'.repeat(10);
    expect(() => check({ input: { text } }, { maxCharacters: 10 })).not.toThrow();
    expect(refusal({ input: { text: `${text}a` } }, { maxCharacters: 10 })).toMatchObject({
      field: 'input.text',
      message: expect.stringContaining('11 characters'),
      allowed: { maxCharacters: 10 },
    });
  });
});
