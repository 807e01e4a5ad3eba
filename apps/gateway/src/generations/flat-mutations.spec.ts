import { DoitongError, generations, rateLimit } from '@doitong/contracts';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type Gateway, startGateway } from '../__fixtures__/gateway.js';
import { aGeneration } from '../__fixtures__/messages.js';

const URL = 'https://example.com/a.png';

describe('the mutation of one content type', () => {
  let gateway: Gateway;
  beforeAll(async () => {
    gateway = await startGateway();
  });
  afterAll(() => gateway?.stop());
  beforeEach(() => gateway.reset());

  const create = (type: string, input: object, selection = 'id', headers = {}) =>
    gateway.post(
      `mutation($input: ${type}CreateInput!) { ${type.toLowerCase()}Create(input: $input) { ${selection} } }`,
      { variables: { input }, headers },
    );
  const sent = () => gateway.asked(generations.create).map(({ body }) => body.input);

  it.each([
    [
      'Video',
      {
        prompt: 'a kite',
        image: URL,
        model: 'luma',
        duration: 9,
        resolution: '720p',
        aspectRatio: '1:1',
        style: 'noir',
        seed: 7,
      },
      {
        type: 'VIDEO',
        model: 'luma',
        input: { text: 'a kite', image: URL },
        options: { duration: 9, resolution: '720p', aspectRatio: '1:1', style: 'noir', seed: 7 },
      },
    ],
    [
      'Image',
      { prompt: 'a kite', aspectRatio: '16:9', quality: 'high', seed: 0, priority: 'COST', options: { raw: true } },
      {
        type: 'IMAGE',
        priority: 'COST',
        input: { text: 'a kite' },
        options: { raw: true, aspectRatio: '16:9', quality: 'high', seed: 0 },
      },
    ],
    [
      'Audio',
      { text: 'Hello.', voice: 'rachel', emotion: 'excited', speed: 1, webhookUrl: URL },
      {
        type: 'AUDIO',
        webhookUrl: URL,
        input: { text: 'Hello.', voice: 'rachel' },
        options: { emotion: 'excited', speed: 1 },
      },
    ],
    [
      'Avatar',
      { text: 'Hello.', image: URL, audio: URL, voice: 'rachel', avatarId: 'kate', options: { gesture: 'friendly' } },
      {
        type: 'AVATAR',
        input: { text: 'Hello.', image: URL, audio: URL, voice: 'rachel' },
        options: { gesture: 'friendly', avatarId: 'kate' },
      },
    ],
  ])('%sCreate asks for what `generate` would be asked for', async (type, input, expected) => {
    expect((await create(type, input)).body.errors).toBeUndefined();
    expect(sent()).toEqual([expected]);
  });

  it.each(['Video', 'Image', 'Audio', 'Avatar'])(
    '%sCreate tells all of a generation, and its URL by name',
    async (type) => {
      const named = `${type.toLowerCase()}Url`;
      const selection = `id status url ${named} metadata { model } error { code } creditCost progress createdAt`;
      const field = `${type.toLowerCase()}Create`;
      expect((await create(type, {}, selection)).body.data[field]).toMatchObject({
        url: null,
        [named]: null,
        status: 'QUEUED',
      });
      gateway.answer(generations.create, () => aGeneration({ status: 'COMPLETED', assetKey: 'a/b.mp4' }));
      const made = (await create(type, {}, selection)).body.data[field];
      expect(made[named]).toMatch(/^http.*\/a\/b\.mp4\?/);
      expect(made.url).toBe(made[named]);
      expect((await create(type, {}, 'status error errorCode metadata')).body.data[field]).toEqual({
        status: 'completed',
        error: null,
        errorCode: null,
        metadata: { model: 'hailuo-02', resolution: '768p', adjustments: [] },
      });
    },
  );

  it('sends only what is given', async () => {
    await create('Video', { prompt: 'a kite', duration: null, model: null, options: null });
    await create('Video', { prompt: 'a kite', duration: 5 });
    expect(sent()).toEqual([
      { type: 'VIDEO', input: { text: 'a kite' }, options: {} },
      { type: 'VIDEO', input: { text: 'a kite' }, options: { duration: 5 } },
    ]);
  });

  it.each([
    ['options.duration', 'options.duration must be 6.', 'duration', 'duration must be 6.'],
    ['options.mode', 'options.mode must be pro.', 'options.mode', 'options.mode must be pro.'],
    ['options.constructor', 'No options.constructor.', 'options.constructor', 'No options.constructor.'],
    ['options.__proto__', 'No options.__proto__.', 'options.__proto__', 'No options.__proto__.'],
    ['input.text', 'm-1 needs input.text.', 'prompt', 'm-1 needs prompt.'],
    ['input.image', 'm-1 needs input.image.', 'image', 'm-1 needs image.'],
    ['model', 'There is no model.', 'model', 'There is no model.'],
  ])('is refused in its own words: %s', async (field, message, named, told) => {
    gateway.answer(generations.create, () => {
      throw new DoitongError('INVALID_INPUT', message, { field, allowed: [6] });
    });
    const { body } = await create('Video', { duration: 7, options: { mode: 'std' } });
    expect(body).toMatchObject({
      data: { videoCreate: null },
      errors: [
        { message: told, path: ['videoCreate'], extensions: { code: 'INVALID_INPUT', field: named, allowed: [6] } },
      ],
    });
  });

  it.each([
    ['an option in two places', { prompt: 'x', duration: 5, options: { duration: 6 } }, 'duration'],
    ['options that are no object', { prompt: 'x', options: [1] }, 'options'],
    ['an image that is no web address', { prompt: 'x', image: 'file:///etc/passwd' }, 'image'],
    ['a field that it does not have', { prompt: 'x', text: 'y' }, 'text'],
    ['a seed that is no whole number', { prompt: 'x', seed: 1.5 }, 'seed'],
    ['a seed that JSON cannot carry exactly', { prompt: 'x', seed: 2 ** 53 }, 'seed'],
    ['a seed in quotes', { prompt: 'x', seed: '7' }, 'seed'],
  ])('is INVALID_INPUT with %s', async (_, input, field) => {
    const { body } = await create('Video', input);
    expect(body.errors[0].extensions).toMatchObject({ code: 'INVALID_INPUT', field });
    expect(sent()).toEqual([]);
  });

  describe.each(['Video', 'Image', 'Audio'])('%sCreate takes a seed of any size that its option may have:', (type) => {
    it.each([4_294_967_295, -4_294_967_296, Number.MAX_SAFE_INTEGER, 0])('%d', async (seed) => {
      const asked = (document: string, variables = {}) => gateway.post(document, { variables });
      const make = (input: string) => `${type.toLowerCase()}Create(input: ${input}) { id }`;
      const answers = [
        await create(type, { seed }),
        await asked(`mutation { ${make(`{ seed: ${seed} }`)} }`),
        // As documents have it that were written before larger seeds were taken.
        await asked(`mutation($seed: Int) { ${make('{ seed: $seed }')} }`, { seed }),
        await asked(`mutation($seed: Int = ${seed}) { ${make('{ seed: $seed }')} }`),
      ];
      expect(answers.map(({ body }) => body.errors)).toEqual(answers.map(() => undefined));
      expect(sent().map(({ options }) => options)).toEqual(answers.map(() => ({ seed })));
    });
  });

  it('tells a cost of any size', async () => {
    gateway.answer(generations.create, () => aGeneration({ creditCost: 3_000_000_000 }));
    const { body } = await create('Video', { prompt: 'a kite' }, 'creditCost');
    expect(body).toEqual({ data: { videoCreate: { creditCost: 3_000_000_000 } } });
  });

  it('counts as generating, each in a document as one, with an idempotency scope of its own', async () => {
    const { body } = await gateway.post(
      `mutation { a: videoCreate(input: { prompt: "x" }) { id } b: imageCreate(input: { prompt: "x" }) { id } audioCreate(input: {}) { id } }`,
      { headers: { 'idempotency-key': 'one' } },
    );
    expect(Object.keys(body.data)).toEqual(['a', 'b', 'audioCreate']);
    expect(gateway.asked(rateLimit.check).map((asked) => asked.body)).toMatchObject([{ window: 'generate', cost: 3 }]);
    expect(gateway.asked(generations.create).map((asked) => asked.body.idempotency)).toEqual([
      { key: 'one', scope: 'a' },
      { key: 'one', scope: 'b' },
      { key: 'one', scope: 'audioCreate' },
    ]);
  });
});
