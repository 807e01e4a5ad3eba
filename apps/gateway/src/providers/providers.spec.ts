import { catalog, generations, type ReplyOf } from '@doitong/contracts';
import { waitFor } from '@doitong/support';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type Gateway, startGateway } from '../__fixtures__/gateway.js';
import { whileKeysAreKnown } from '../__fixtures__/known-keys.js';

type Provider = ReplyOf<typeof generations.providers>['providers'][number];
type Model = Provider['models'][number];

const model = (changes: Partial<Model>): Model => ({
  id: 'hailuo-02',
  name: 'Hailuo 02',
  lifecycle: 'ACTIVE',
  inputs: { text: 'required', image: 'optional', audio: 'unsupported', voice: 'unsupported' },
  maxCharacters: 2_000,
  options: {
    type: 'object',
    additionalProperties: false,
    required: ['resolution'],
    properties: {
      duration: { type: 'integer', enum: [6, 10], default: 6, description: 'Seconds.' },
      resolution: { type: 'string', enum: ['768p', '1080p'], default: '1080p', description: 'Lines.' },
      seed: { type: ['integer', 'null'], default: null },
    },
  },
  adjustments: [],
  price: { base: 5, perSecond: 4, multipliers: { resolution: { '1080p': 1.5 } } },
  expectedSeconds: 90,
  deadlineSeconds: 600,
  qualityRank: 80,
  speedRank: 40,
  ...changes,
});

const provider = (changes: Partial<Provider>): Provider => ({
  id: 'minimax',
  aliases: ['hailuo'],
  name: 'MiniMax',
  description: 'Videos.',
  type: 'VIDEO',
  features: ['text to video'],
  limitations: ['no sound'],
  models: [
    model({ id: 'hailuo-01', name: 'Hailuo 01', lifecycle: 'RETIRED', successor: 'hailuo-02', expectedSeconds: 1 }),
    model({}),
  ],
  available: true,
  ...changes,
});

describe('the providers query', () => {
  let gateway: Gateway;
  let catalogue: Provider[];
  beforeAll(async () => {
    gateway = await startGateway();
  });
  afterAll(() => gateway?.stop());
  beforeEach(async () => {
    gateway.reset();
    gateway.answer(generations.providers, () => ({ providers: catalogue }));
    // What an earlier test has changed is known for some seconds still, unless the next change is told.
    await changes(provider({}), provider({ id: 'elevenlabs', type: 'AUDIO', available: false }));
  });
  const list = async () => (await gateway.post('{ providers { id available } }')).body.data.providers;
  const changes = async (...providers: Provider[]) => {
    catalogue = providers;
    await gateway.broadcast(catalog.changed, { family: 'minimax' });
    const shown = providers.map(({ id, available }) => ({ id, available }));
    await waitFor(async () => expect(await list()).toEqual(shown));
  };

  it('prices and describes a provider by the defaults of its first model that is not retired', async () => {
    const { body } = await gateway.post(
      `query($type: GenerationType!) { providers(type: $type) {
      id name description type available features limitations pricing { creditCost estimatedTime }
      options { name type required description allowedValues default } } }`,
      { variables: { type: 'VIDEO' } },
    );
    expect(body).toEqual({
      data: {
        providers: [
          {
            id: 'minimax',
            name: 'MiniMax',
            description: 'Videos.',
            type: 'VIDEO',
            available: true,
            features: ['text to video'],
            limitations: ['no sound'],
            pricing: { creditCost: Math.ceil((5 + 4 * 6) * 1.5), estimatedTime: 90 },
            options: [
              {
                name: 'model',
                type: 'string',
                required: false,
                description: 'Which model: hailuo-01 (Hailuo 01), hailuo-02 (Hailuo 02).',
                allowedValues: ['hailuo-01', 'hailuo-02'],
                default: 'hailuo-02',
              },
              {
                name: 'duration',
                type: 'integer',
                required: false,
                description: 'Seconds.',
                allowedValues: [6, 10],
                default: 6,
              },
              {
                name: 'resolution',
                type: 'string',
                required: true,
                description: 'Lines.',
                allowedValues: ['768p', '1080p'],
                default: '1080p',
              },
              {
                name: 'seed',
                type: 'integer | null',
                required: false,
                description: null,
                allowedValues: null,
                default: null,
              },
            ],
          },
        ],
      },
    });
  });

  it('shows a change of the catalogue as soon as it is told, and asks for it once in between', async () => {
    // The catalogue is known for as long as keys are.
    await whileKeysAreKnown(gateway, async () => {
      await list();
      await changes(provider({ id: 'luma' }), provider({ id: 'elevenlabs', available: false }));
      const before = gateway.asked(generations.providers).length;
      await Promise.all(Array.from({ length: 10 }, list));
      expect(gateway.asked(generations.providers)).toHaveLength(before);
      await changes(provider({ available: false }));
    });
  });

  describe('of one provider', () => {
    const ask = (id: string, fields: string) =>
      gateway.post(`query($id: ID!) { provider(id: $id) { ${fields} } }`, { variables: { id } });

    it('tells its models, each with the JSON Schema of its options, one by one and as a whole', async () => {
      const { body } = await ask(
        'minimax',
        `id aliases models { id name lifecycle successor inputs { text image audio voice } maxCharacters deadline
           pricing { creditCost estimatedTime } options { name required schema } optionsSchema }`,
      );
      const { options } = model({});
      const properties = options.properties as Record<string, unknown>;
      const asShown = (changes: object) => ({
        id: 'hailuo-02',
        name: 'Hailuo 02',
        lifecycle: 'ACTIVE',
        successor: null,
        inputs: { text: 'REQUIRED', image: 'OPTIONAL', audio: 'UNSUPPORTED', voice: 'UNSUPPORTED' },
        maxCharacters: 2_000,
        deadline: 600,
        pricing: { creditCost: 44, estimatedTime: 90 },
        options: Object.entries(properties).map(([name, schema]) => ({
          name,
          required: name === 'resolution',
          schema,
        })),
        optionsSchema: { ...options, properties: { model: { const: 'hailuo-02' }, ...properties } },
        ...changes,
      });
      const retired = asShown({
        id: 'hailuo-01',
        name: 'Hailuo 01',
        lifecycle: 'RETIRED',
        successor: 'hailuo-02',
        pricing: { creditCost: 44, estimatedTime: 1 },
        optionsSchema: { ...options, properties: { model: { const: 'hailuo-01' }, ...properties } },
      });
      expect(body).toEqual({
        data: { provider: { id: 'minimax', aliases: ['hailuo'], models: [retired, asShown({})] } },
      });
    });

    it.each([['minimax'], ['hailuo'], ['MiniMax']])('finds it by id or alias, in whatever case: %s', async (name) => {
      expect((await ask(name, 'id')).body).toEqual({ data: { provider: { id: 'minimax' } } });
    });

    it('is null beside NOT_FOUND where there is none of this name', async () => {
      expect((await ask('nobody', 'id')).body).toMatchObject({
        data: { provider: null },
        errors: [{ path: ['provider'], extensions: { code: 'NOT_FOUND', field: 'id' } }],
      });
    });
  });
});
