import { DoitongError, type GenerateInput, type ModelManifest, type ProviderManifest } from '@doitong/contracts';
import { describe, expect, it } from '@jest/globals';
import { aModel, aProvider, aRequest } from '../__fixtures__/manifests.js';
import type { Absence, Candidate } from '../catalogue/catalogue.entity.js';
import { choose } from './choice.js';
import type { Exclude } from './consider.js';

const away: Absence = { because: 'no live worker', retryAfterSeconds: 10 };
const candidatesOf = (provider: ProviderManifest, absence: Absence | null = null): Candidate[] =>
  provider.models.map((model) => {
    const health = { successRate: 0.97, seconds: model.expectedSeconds };
    return { family: 'painters', provider, model, absence, health };
  });

function refusal(candidates: Candidate[], request: Partial<GenerateInput>) {
  try {
    choose(candidates, aRequest(request));
  } catch (error) {
    if (error instanceof DoitongError) return error.body;
    throw error;
  }
  throw new Error('not refused');
}

describe('a provider that was asked for', () => {
  const brush = aProvider('brush', {
    aliases: ['pinsel'],
    models: [
      aModel('Brush-Text', {
        inputs: { text: 'required', image: 'unsupported', audio: 'unsupported', voice: 'unsupported' },
      }),
      aModel('Brush-Image', {
        inputs: { text: 'optional', image: 'required', audio: 'unsupported', voice: 'unsupported' },
      }),
      aModel('brush-old', { lifecycle: 'RETIRED', successor: 'brush-older' }),
      aModel('brush-older', { lifecycle: 'RETIRED', successor: 'Brush-Text' }),
      aModel('brush-orphan', { lifecycle: 'RETIRED' }),
    ],
  });
  const all = [...candidatesOf(aProvider('pencil')), ...candidatesOf(brush)];
  const chosen = (request: Partial<GenerateInput>) => choose(all, aRequest(request));

  it.each(['brush', 'Brush', 'pinsel', 'PINSEL'])('is found as %s', (provider) => {
    const { candidate, routing } = chosen({ provider });
    expect([candidate.provider.id, candidate.model.id, routing.reason]).toEqual([
      'brush',
      'Brush-Text',
      'chosen by the caller',
    ]);
  });

  it('serves with its first model that can do the request', () => {
    const input = { image: 'https://example.com/a.png' };
    expect(chosen({ provider: 'brush', input }).candidate.model.id).toBe('Brush-Image');
  });

  it('serves with the model that was asked for, however its id is written', () => {
    expect(chosen({ provider: 'brush', options: { model: 'BRUSH-text' } }).candidate.model.id).toBe('Brush-Text');
    expect(refusal(all, { provider: 'brush', options: { model: 'Brush-Image' } })).toMatchObject({
      field: 'input.image',
    });
  });

  it('serves with the last successor of a retired model, and says so', () => {
    const { candidate, adjustments } = chosen({ provider: 'brush', options: { model: 'brush-old' } });
    expect(candidate.model.id).toBe('Brush-Text');
    expect(adjustments).toEqual(['Model brush-old is retired by its vendor; Model Brush-Text serves in its place.']);
    const orphan = chosen({ provider: 'brush', options: { model: 'brush-orphan' } });
    expect([orphan.candidate.model.id, orphan.adjustments]).toEqual(['brush-orphan', []]);
  });

  it('and its successors may be named in a circle', () => {
    const round = aProvider('round', {
      models: [
        aModel('a', { lifecycle: 'RETIRED', successor: 'b' }),
        aModel('b', { lifecycle: 'RETIRED', successor: 'a' }),
      ],
    });
    expect(choose(candidatesOf(round), aRequest({ provider: 'round' })).candidate.provider.id).toBe('round');
  });

  it('has a routing of its own models, in its order', () => {
    const { routing } = chosen({ provider: 'brush', options: { model: 'brush-old' } });
    expect(
      routing.candidates.map(({ provider, model, excludedBecause }) => [provider, model, excludedBecause]),
    ).toEqual([
      ['brush', 'Brush-Text', null],
      ['brush', 'Brush-Image', 'not asked for'],
      ['brush', 'brush-old', 'not asked for'],
      ['brush', 'brush-older', 'not asked for'],
      ['brush', 'brush-orphan', 'not asked for'],
    ]);
  });

  it('is refused with what there is, when there is none of that name or model', () => {
    expect(refusal(all, { provider: 'crayon' })).toMatchObject({
      code: 'INVALID_INPUT',
      field: 'provider',
      allowed: ['pencil', 'brush'],
    });
    expect(refusal(all, { provider: 'brush', options: { model: 42 } })).toMatchObject({
      code: 'INVALID_INPUT',
      field: 'options.model',
      allowed: ['Brush-Text', 'Brush-Image', 'brush-old', 'brush-older', 'brush-orphan'],
    });
  });

  it('is PROVIDER_UNAVAILABLE when nobody serves it now; bad input is told first', () => {
    const nobody = candidatesOf(brush, away);
    expect(refusal(nobody, { provider: 'brush' })).toMatchObject({
      code: 'PROVIDER_UNAVAILABLE',
      retryable: true,
      retryAfter: 10,
    });
    expect(refusal(nobody, { provider: 'brush', options: { duration: 7 } })).toMatchObject({ code: 'INVALID_INPUT' });
    expect(refusal([], { provider: 'brush' })).toMatchObject({ code: 'PROVIDER_UNAVAILABLE' });
  });
});

describe('a model that was asked for by itself', () => {
  const all = [
    ...candidatesOf(aProvider('pencil', { aliases: ['stift'], models: [aModel('HB'), aModel('brush')] })),
    ...candidatesOf(aProvider('brush', { models: [aModel('soft'), aModel('hard')] })),
  ];
  const chosen = (request: Partial<GenerateInput>) => {
    const { provider, model } = choose(all, aRequest(request)).candidate;
    return [provider.id, model.id];
  };

  it.each([
    ['a provider, which comes before a model of that id', { model: 'BRUSH' }, ['brush', 'soft']],
    ['an alias', { model: 'stift' }, ['pencil', 'HB']],
    ['a model', { model: 'hard' }, ['brush', 'hard']],
    ['a model, however it is written', { model: 'hb' }, ['pencil', 'HB']],
    ['a model of the provider beside it', { provider: 'pencil', model: 'brush' }, ['pencil', 'brush']],
    ['a provider, with a model in the options', { model: 'brush', options: { model: 'hard' } }, ['brush', 'hard']],
  ])('may be %s', (_, request, expected) => {
    expect(chosen(request)).toEqual(expected);
  });

  it.each([
    ['unknown', { model: 'chalk' }, ['pencil', 'HB', 'brush', 'soft', 'hard']],
    ['no model of the provider beside it', { provider: 'brush', model: 'HB' }, ['brush', 'soft', 'hard']],
    [
      'another than that in the options',
      { model: 'HB', options: { model: 'hard' } },
      ['pencil', 'HB', 'brush', 'soft', 'hard'],
    ],
  ])('is refused with what there is, when it is %s', (_, request, allowed) => {
    expect(refusal(all, request)).toMatchObject({ code: 'INVALID_INPUT', field: 'model', allowed });
  });
});

describe('a product line that no family has announced', () => {
  const all = candidatesOf(aProvider('pencil'));

  it.each([{ provider: 'heygen' }, { provider: 'HeyGen' }, { model: 'heygen' }])(
    'is PROVIDER_UNAVAILABLE: %j',
    (asked) => {
      expect(refusal(all, { type: 'AVATAR', ...asked })).toMatchObject({ code: 'PROVIDER_UNAVAILABLE' });
    },
  );

  it('is unknown as a provider of another type', () => {
    expect(refusal(all, { type: 'IMAGE', provider: 'heygen' })).toMatchObject({ code: 'INVALID_INPUT' });
  });

  it('gives way to the family that announces it', () => {
    const { candidate } = choose(candidatesOf(aProvider('heygen')), aRequest({ type: 'AVATAR', model: 'heygen' }));
    expect(candidate.provider.id).toBe('heygen');
  });
});

describe('a free choice', () => {
  const model = (
    id: string,
    qualityRank: number,
    expectedSeconds: number,
    base: number,
    changes: Partial<ModelManifest> = {},
  ) =>
    candidatesOf(
      aProvider(id, { models: [aModel(id, { qualityRank, expectedSeconds, price: { base }, ...changes })] }),
    );
  const all = [
    ...model('fine', 95, 120, 100),
    ...model('fast', 30, 10, 80),
    ...model('cheap', 20, 60, 5),
    ...model('even', 70, 12, 40),
  ];

  it.each([
    ['QUALITY', 'fine'],
    ['SPEED', 'fast'],
    ['COST', 'cheap'],
    ['BALANCED', 'even'],
    [undefined, 'even'],
  ] as const)('by %s is %s', (priority, id) => {
    const choice = choose(all, aRequest({ priority }));
    expect(choice.candidate.model.id).toBe(id);
    expect(choice.routing.reason).toBe(`best ${priority ?? 'BALANCED'} of 4 that can do it`);
  });

  it('passes over who is away, retired, going to be, or cannot do it', () => {
    const others = [
      ...model('away', 100, 100, 1).map((one) => ({ ...one, absence: away })),
      ...model('gone', 100, 100, 1, { lifecycle: 'RETIRED' }),
      ...model('going', 100, 100, 1, { lifecycle: 'DEPRECATED' }),
      ...model('terse', 100, 100, 1, { maxCharacters: 3 }),
    ];
    expect(choose([...others, ...all], aRequest()).routing.reason).toBe('best BALANCED of 4 that can do it');
    expect(choose([...others, ...all], aRequest()).candidate.model.id).toBe('even');
    expect(refusal(others, {})).toMatchObject({ code: 'PROVIDER_UNAVAILABLE' });
    expect(refusal([], {})).toMatchObject({ code: 'PROVIDER_UNAVAILABLE' });
  });

  it('tells how each stood, the best first and with a score, the excluded with a reason', () => {
    const others = [
      ...model('away', 100, 100, 1).map((one) => ({ ...one, absence: away })),
      ...model('gone', 100, 100, 1, { lifecycle: 'RETIRED' }),
      ...model('terse', 100, 100, 1, { maxCharacters: 3 }),
    ];
    const exclude: Exclude = ({ candidate }) => (candidate.model.id === 'even' ? 'tried already' : undefined);
    const { candidate, routing } = choose([...others, ...all], aRequest({ priority: 'QUALITY' }), exclude);
    expect(candidate.model.id).toBe('fine');
    expect(routing.candidates.map(({ model, score, excludedBecause }) => [model, score ?? excludedBecause])).toEqual([
      ['fine', 95],
      ['fast', 30],
      ['cheap', 20],
      ['away', 'no live worker'],
      ['gone', 'retired'],
      ['terse', 'cannot do the request (input.text)'],
      ['even', 'tried already'],
    ]);
    for (const { score, excludedBecause } of routing.candidates) expect(score === null).toBe(excludedBecause !== null);
  });

  it('tells of no more than 50, and no more than the beginning of an overlong option name', () => {
    const many = Array.from({ length: 60 }, (_, n) => model(`m${n}`, 50, 50, 10)).flat();
    expect(choose(many, aRequest()).routing.candidates).toHaveLength(50);
    const free = model('free', 50, 50, 10, { options: { type: 'object' } });
    const { routing } = choose([...free, ...all], aRequest({ options: { ['🪁'.repeat(5_000)]: 1 } }));
    expect(routing.candidates[1]?.excludedBecause).toBe(`cannot do the request (options.${'🪁'.repeat(52)})`);
  });

  it('with all that can do it excluded is PROVIDER_UNAVAILABLE', () => {
    expect(() => choose(all, aRequest(), () => 'tried already')).toThrow('VIDEO is not available');
  });

  it('that nobody can do is refused with the first objection', () => {
    expect(refusal(all, { options: { duration: 7 } })).toMatchObject({
      code: 'INVALID_INPUT',
      field: 'options.duration',
    });
    expect(refusal(all, { options: { model: 'fine' } })).toMatchObject({
      code: 'INVALID_INPUT',
      field: 'options.model',
    });
  });
});

describe('the price', () => {
  const priced = (
    price: ModelManifest['price'],
    request: Partial<GenerateInput> = {},
    changes: Partial<ModelManifest> = {},
  ) =>
    choose(
      candidatesOf(aProvider('brush', { models: [aModel('m', { price, ...changes })] })),
      aRequest({ provider: 'brush', ...request }),
    ).credits;
  const counting = {
    options: { type: 'object', properties: { count: { type: 'integer', default: 1 }, quality: { type: 'string' } } },
    maxCharacters: 10_000,
  };

  it.each([
    ['its base', { base: 7 }, {}, {}, 7],
    ['seconds, defaults filled in', { base: 1, perSecond: 2 }, {}, {}, 13],
    ['seconds as asked for', { base: 1, perSecond: 2 }, { options: { duration: 10 } }, {}, 21],
    ['seconds of a model without that option', { base: 0, perSecond: 2, defaultSeconds: 4 }, {}, counting, 8],
    [
      'each thousand characters begun',
      { base: 0, perThousandCharacters: 3 },
      { input: { text: '🪁'.repeat(1_001) } },
      counting,
      6,
    ],
    ['how many are asked for', { base: 5, perSecond: 1, defaultSeconds: 2 }, { options: { count: 3 } }, counting, 21],
    [
      'factors of option values',
      { base: 10, multipliers: { resolution: { '1080p': 2.5 }, duration: { '10': 2 } } },
      { options: { resolution: '1080p', duration: 10 } },
      {},
      50,
    ],
    ['whole credits, rounded up', { base: 10, multipliers: { resolution: { '768p': 1.01 } } }, {}, {}, 11],
    [
      'no credit for the noise of binary fractions',
      { base: 100, multipliers: { resolution: { '768p': 1.1 }, duration: { '6': 1.1 } } },
      {},
      {},
      121,
    ],
  ] as const)('counts %s', (_, price, request, changes, credits) => {
    expect(priced(price, request as Partial<GenerateInput>, changes as Partial<ModelManifest>)).toBe(credits);
  });

  it('is that of the options as they are carried out', () => {
    const adjustments = [{ when: { duration: 10 }, set: { duration: 6 }, because: 'No longer than that.' }];
    expect(priced({ base: 0, perSecond: 1 }, { options: { duration: 10 } }, { adjustments })).toBe(6);
  });
});
