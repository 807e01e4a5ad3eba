import { DoitongError, generations } from '@doitong/contracts';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type Gateway, startGateway } from '../__fixtures__/gateway.js';
import { aGeneration, aPrincipal } from '../__fixtures__/messages.js';

const GENERATE = 'mutation Generate($input: GenerateInput!) { generate(input: $input) { id } }';
const ALL = `id status type provider model url metadata { width height duration format resolution size model adjustments }
  creditCost estimatedTime progress error { code message retryable billed stage retryAfter limit field allowed }
  routing { reason candidates { provider model score excludedBecause } } createdAt startedAt completedAt version`;

describe('generations', () => {
  let gateway: Gateway;
  beforeAll(async () => {
    gateway = await startGateway({ PUBLIC_URL: 'https://media.example/' });
  });
  afterAll(() => gateway?.stop());
  beforeEach(() => gateway.reset());
  const generate = (input: unknown, headers?: Record<string, string>) =>
    gateway.post(GENERATE, { variables: { input }, headers });
  const created = () => gateway.asked(generations.create).map(({ body }) => body);

  it('generate hands over what was asked for, and by whom', async () => {
    const input = {
      type: 'AVATAR',
      provider: 'hedra',
      priority: 'SPEED',
      input: { text: 'Hello', image: 'https://example.com/a.png', audio: 'http://example.com/a.mp3', voice: 'kate' },
      options: { aspectRatio: '16:9', nested: { list: [1, null, 'x'] } },
      webhookUrl: 'https://example.com/hook?x=1',
    };
    expect((await generate(input)).body).toEqual({ data: { generate: { id: aGeneration().id } } });
    const { accountId, plan, mode, limits } = aPrincipal();
    expect(created()).toEqual([{ accountId, plan, mode, limits, input }]);
  });

  it('a null says the same as an absent field', async () => {
    const nothing = { provider: null, priority: null, options: null, webhookUrl: null };
    await generate({ type: 'IMAGE', input: { text: 'a', image: null, audio: null, voice: null }, ...nothing });
    expect(created()[0]?.input).toEqual({ type: 'IMAGE', input: { text: 'a' } });
  });

  describe('input that no generation can have is refused before any service is asked', () => {
    const image = { type: 'IMAGE', input: { text: 'a' } };
    const nested = JSON.parse(`${'['.repeat(100)}${']'.repeat(100)}`);
    it.each([
      ['a script as image', { ...image, input: { image: 'javascript:alert(1)' } }, 'input.image'],
      ['a file as image', { ...image, input: { image: 'file:///etc/passwd' } }, 'input.image'],
      ['no URL as audio', { ...image, input: { audio: 'song.mp3' } }, 'input.audio'],
      ['an endless URL', { ...image, webhookUrl: `https://example.com/${'x'.repeat(5_000)}` }, 'webhookUrl'],
      ['a line break in an image', { ...image, input: { image: 'https://example.com/\na.png' } }, 'input.image'],
      ['a blank behind audio', { ...image, input: { audio: 'https://example.com/a.mp3 ' } }, 'input.audio'],
      ['a tab before a webhook', { ...image, webhookUrl: '\thttps://example.com/hook' }, 'webhookUrl'],
      ['a webhook to another protocol', { ...image, webhookUrl: 'ftp://example.com' }, 'webhookUrl'],
      ['an image of our own network', { ...image, input: { image: 'http://10.0.0.1/a.png' } }, 'input.image'],
      ['an image of this machine', { ...image, input: { image: 'http://[::1]/a.png' } }, 'input.image'],
      ['an image with a password', { ...image, input: { image: 'https://a:b@example.com/a.png' } }, 'input.image'],
      ['audio behind an odd port', { ...image, input: { audio: 'https://example.com:22/a.mp3' } }, 'input.audio'],
      ['a webhook to plain http', { ...image, webhookUrl: 'http://example.com/hook' }, 'webhookUrl'],
      ['a webhook to this machine', { ...image, webhookUrl: 'https://localhost/hook' }, 'webhookUrl'],
      ['options that are a list', { ...image, options: [1] }, 'options'],
      ['options that are a string', { ...image, options: 'x' }, 'options'],
      ['options nested without end', { ...image, options: { nested } }, 'options'],
      ['more than a message can carry', { ...image, input: { text: 'x'.repeat(600_000) } }, 'input'],
    ])('%s', async (_what, input, field) => {
      const { body } = await generate(input);
      expect(body.errors[0].extensions).toMatchObject({ code: 'INVALID_INPUT', field });
      expect(created()).toEqual([]);
    });

    it.each([
      ['too long', 'x'.repeat(256)],
      ['empty', ''],
      ['not in ASCII', 'schlüssel'],
      ['with a tab in it', 'one\ttwo'],
    ])('an Idempotency-Key that is %s', async (_what, key) => {
      const { body } = await generate(image, { 'idempotency-key': key });
      expect(body.errors[0].extensions).toMatchObject({ code: 'INVALID_INPUT', field: 'Idempotency-Key' });
      expect(created()).toEqual([]);
    });
  });

  it('a prompt of 100 kB passes', async () => {
    const text = 'é'.repeat(100_000);
    await generate({ type: 'IMAGE', input: { text } });
    expect(created()[0]?.input.input.text).toBe(text);
  });

  it('each generating field of a document has an idempotency scope of its own', async () => {
    const one = '(input: { type: IMAGE, input: { text: "a" } }) { id }';
    const document = `mutation { generate${one} second: generate${one} ...More } fragment More on Mutation { third: generate${one} }`;
    await gateway.post(document, { headers: { 'idempotency-key': 'key-1' } });
    expect(created().map(({ idempotency }) => idempotency)).toEqual([
      { key: 'key-1', scope: 'generate' },
      { key: 'key-1', scope: 'second' },
      { key: 'key-1', scope: 'third' },
    ]);
  });

  it('a generation under way has no url and no measures yet', async () => {
    const { body } = await gateway.post(`{ generation(id: "gen_1") { ${ALL} } }`);
    const { accountId: _account, mode: _mode, assetKey: _key, ...told } = aGeneration();
    const absent = { width: null, height: null, duration: null, format: null, size: null };
    expect(body).toEqual({ data: { generation: { ...told, url: null, metadata: { ...absent, ...told.metadata } } } });
    expect(gateway.asked(generations.get)[0]?.body).toEqual({
      accountId: aPrincipal().accountId,
      mode: 'test',
      id: 'gen_1',
    });
  });

  it('a completed one has a signed url below PUBLIC_URL', async () => {
    gateway.answer(generations.get, () =>
      aGeneration({
        status: 'COMPLETED',
        progress: 100,
        assetKey: 'gen_1/clip.mp4',
        metadata: {
          width: 1366,
          height: 768,
          duration: 5.875,
          format: 'mp4',
          size: 3e9,
          model: 'hailuo-02',
          adjustments: ['x'],
        },
        completedAt: '2025-01-31T12:01:30.000Z',
      }),
    );
    for (let time = 1; time <= 3; time++) {
      const { body } = await gateway.post('{ generation(id: "gen_1") { url completedAt metadata { size duration } } }');
      expect(body.data.generation).toEqual({
        url: expect.stringMatching(
          /^https:\/\/media\.example\/assets\/gen_1\/clip\.mp4\?expires=\d+&signature=[\w-]{43}$/,
        ),
        completedAt: '2025-01-31T12:01:30.000Z',
        metadata: { size: 3e9, duration: 5.875 },
      });
    }
  });

  it('a failed one tells code, message and what to do', async () => {
    const error = new DoitongError('CONTENT_REJECTED', 'The provider refused the prompt.', { stage: 'PROCESSING' })
      .body;
    gateway.answer(generations.get, () => aGeneration({ status: 'FAILED', creditCost: 0, error }));
    const { body } = await gateway.post(
      '{ generation(id: "x") { status error { code message retryable billed stage } } }',
    );
    expect(body.data.generation).toEqual({
      status: 'FAILED',
      error: {
        code: 'CONTENT_REJECTED',
        message: 'The provider refused the prompt.',
        retryable: false,
        billed: false,
        stage: 'PROCESSING',
      },
    });
  });

  it.each([['gen_abc123'], ['x'.repeat(1_000)]])('an id that nobody has is NOT_FOUND beside a null', async (id) => {
    gateway.answer(generations.get, () => {
      throw new DoitongError('NOT_FOUND', 'There is no generation of this id.');
    });
    const { status, body } = await gateway.post('query($id: ID!) { generation(id: $id) { id } }', {
      variables: { id },
    });
    expect(status).toBe(200);
    expect(body).toMatchObject({ data: { generation: null }, errors: [{ extensions: { code: 'NOT_FOUND' } }] });
  });

  it.each([[true], [false]])('cancelGeneration says whether it was cancelled: %s', async (cancelled) => {
    gateway.answer(generations.cancel, () => ({ cancelled }));
    const { body } = await gateway.post('mutation($id: ID!) { cancelGeneration(id: $id) }', {
      variables: { id: 'gen_1' },
    });
    expect(body).toEqual({ data: { cancelGeneration: cancelled } });
    expect(gateway.asked(generations.cancel)[0]?.body).toEqual({
      accountId: aPrincipal().accountId,
      mode: 'test',
      id: 'gen_1',
    });
  });
});
