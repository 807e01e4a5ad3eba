import { billing, type GenerateInput, generations, type ModelManifest, rateLimit } from '@doitong/contracts';
import { waitFor } from '@doitong/support';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { aFamily, aModel, aProvider, aRequest } from '../__fixtures__/manifests.js';
import { refusal, startGenerations, type TestGenerations } from '../__fixtures__/start-generations.js';

let own: TestGenerations;

const adjustments = [{ when: { duration: 10 }, set: { duration: 6 }, because: 'It makes 6 s at most.' }];
const price = { base: 4, perSecond: 1 };
const brush = (changes: Partial<ModelManifest> = {}) =>
  own.announce(
    aFamily('painters', aProvider('brush', { models: [aModel('brush-1', { price, adjustments, ...changes })] })),
    'worker',
  );
const press = (base: number) =>
  own.announce(
    aFamily('printers', aProvider('press', { models: [aModel('press-1', { price: { base } })] })),
    'printer',
  );

beforeAll(async () => {
  own = await startGenerations({ QUOTE_TTL_SECONDS: '900' });
});
afterAll(() => own.stop());
beforeEach(async () => {
  await own.clear();
  await own.sql('TRUNCATE quotes');
  await brush();
  await press(100);
  own.standIns.reset();
});

const quote = (input: GenerateInput = aRequest(), mode: 'live' | 'test' = 'test', accountId = own.accountId) =>
  own.ask(generations.quote, { accountId, plan: 'PRO', mode, input });
const expire = () => own.sql(`UPDATE quotes SET expires_at = now() - interval '1 s'`);

describe('a quote', () => {
  it('tells price, choice and adjustments of a request, and takes nothing', async () => {
    const { id, expiresAt, ...told } = await quote(aRequest({ priority: 'COST', options: { duration: 10 } }));
    expect(id).toMatch(/^quo_[0-9a-f]{32}$/);
    expect(told).toEqual({
      provider: 'brush',
      model: 'brush-1',
      creditCost: 10,
      estimatedTime: 30,
      adjustments: ['It makes 6 s at most.'],
      routing: {
        reason: expect.stringContaining('COST'),
        candidates: [expect.objectContaining({ provider: 'brush' }), expect.objectContaining({ provider: 'press' })],
      },
    });
    expect(Math.abs(Date.parse(expiresAt) - Date.now() - 900_000)).toBeLessThan(60_000);
    expect([own.standIns.saw(rateLimit.admit), own.standIns.saw(billing.hold)]).toEqual([[], []]);
    expect(await own.count('generations')).toBe(0);
  });

  it('is refused as the request would be, and keeps nothing', async () => {
    await expect(quote(aRequest({ provider: 'nobody' }))).rejects.toMatchObject({ body: { field: 'provider' } });
    await expect(quote(aRequest({ provider: 'brush', options: { duration: 7 } }))).rejects.toMatchObject({
      body: { code: 'INVALID_INPUT', field: 'options.duration' },
    });
    await expect(quote(aRequest({ input: { text: 'a\0b' } }))).rejects.toMatchObject({ body: { field: 'input.text' } });
    await expect(quote(aRequest({ quoteId: (await quote()).id }))).rejects.toMatchObject({
      body: { field: 'quoteId' },
    });
    expect(await own.count('quotes')).toBe(1);
  });

  it('locks price, choice and options, for as many generations as are asked for with it', async () => {
    const input = aRequest({ priority: 'COST' });
    const told = await quote(input);
    await brush({ price: { base: 5_000 } });
    await press(60);
    expect(await own.create({ input })).toMatchObject({ provider: 'press', creditCost: 60 });
    for (let time = 1; time <= 2; time++) {
      const webhookUrl = `https://example.com/${time}`;
      expect(await own.create({ input: { ...input, quoteId: told.id, webhookUrl } })).toMatchObject({
        provider: 'brush',
        model: 'brush-1',
        creditCost: 10,
        routing: told.routing,
      });
    }
    expect(own.standIns.saw(billing.hold).map(({ credits }) => credits)).toEqual([60, 10, 10]);
    const rows = await own.sql('SELECT credits, most_credits, options FROM generations ORDER BY id');
    const quoted = { credits: 10, most_credits: 10, options: { duration: 6, resolution: '768p', strength: 0.5 } };
    expect(rows.map((row) => ({ ...row }))).toMatchObject([{ credits: 60, most_credits: null }, quoted, quoted]);
  });

  it('serves the same request in whatever order and with defaults written out', async () => {
    const { id } = await quote(aRequest({ options: { strength: 1, duration: 6 } }));
    const same = aRequest({ options: { duration: 6, strength: 1 }, priority: 'BALANCED', quoteId: id });
    expect(await own.create({ input: same })).toMatchObject({ status: 'QUEUED' });
  });

  const other: [string, Partial<GenerateInput>][] = [
    ['another text', { input: { text: 'a blue kite' } }],
    ['other options', { options: { duration: 6 } }],
    ['a provider', { provider: 'brush' }],
    ['another priority', { priority: 'SPEED' }],
    ['another type', { type: 'IMAGE' }],
  ];
  it.each(other)('is refused for a request with %s', async (_what, changes) => {
    const { id } = await quote();
    const refused = await refusal(own.create({ input: aRequest({ ...changes, quoteId: id }) }));
    expect(refused).toMatchObject({
      code: 'INVALID_INPUT',
      field: 'quoteId',
      message: expect.stringContaining('another request'),
    });
    expect(own.standIns.saw(billing.hold)).toEqual([]);
  });

  it('is refused when it has expired, is unknown, of another account or of another mode', async () => {
    const { id } = await quote();
    const input = aRequest({ quoteId: id });
    const refusals = [
      await refusal(own.create({ input, accountId: own.ids.next('acc') })),
      await refusal(own.create({ input, mode: 'live' })),
      await refusal(own.create({ input: aRequest({ quoteId: 'quo_1' }) })),
    ];
    await expire();
    refusals.push(await refusal(own.create({ input })));
    for (const refused of refusals) {
      expect(refused).toMatchObject({ code: 'INVALID_INPUT', field: 'quoteId', message: refusals[0]!.message });
    }
  });

  it('of a model that is not there any more is PROVIDER_UNAVAILABLE, though others could do it', async () => {
    const { id, provider } = await quote(aRequest({ priority: 'COST' }));
    expect(provider).toBe('brush');
    const input = aRequest({ priority: 'COST', quoteId: id });
    await brush({ id: 'brush-2' });
    expect(await refusal(own.create({ input }))).toMatchObject({ code: 'PROVIDER_UNAVAILABLE' });
    await brush();
    await own.announce(aFamily('painters', aProvider('brush', { models: [aModel('brush-1')] })), 'worker', {});
    await waitFor(async () =>
      expect(await refusal(own.create({ input }))).toMatchObject({
        code: 'PROVIDER_UNAVAILABLE',
        retryAfter: expect.any(Number),
      }),
    );
  });

  it('that expired meanwhile does not keep a repeat from its generation', async () => {
    const { id } = await quote();
    const ask = own.keyed('key-1', { input: aRequest({ quoteId: id }) });
    const first = await ask();
    await expire();
    expect((await ask()).id).toBe(first.id);
    const without = own.keyed('key-1', { input: aRequest() });
    expect(await refusal(without())).toMatchObject({ code: 'IDEMPOTENCY_CONFLICT' });
  });
});
