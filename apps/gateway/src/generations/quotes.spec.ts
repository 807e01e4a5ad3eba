import { DoitongError, generations, type Quote, rateLimit } from '@doitong/contracts';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type Gateway, startGateway } from '../__fixtures__/gateway.js';
import { aPrincipal } from '../__fixtures__/messages.js';

const ALL = `id creditCost provider model estimatedTime adjustments expiresAt
  routing { reason candidates { provider model score excludedBecause } }`;
const QUOTED: Quote = {
  id: `quo_${'1'.repeat(32)}`,
  creditCost: 40,
  provider: 'minimax',
  model: 'hailuo-02',
  estimatedTime: 90,
  adjustments: ['It makes 6 s at most.'],
  routing: {
    reason: 'best COST of 1 that can do it',
    candidates: [{ provider: 'minimax', model: 'hailuo-02', score: 80, excludedBecause: null }],
  },
  expiresAt: '2025-01-31T12:15:00.000Z',
};

describe('quote', () => {
  let gateway: Gateway;
  beforeAll(async () => {
    gateway = await startGateway();
  });
  afterAll(() => gateway?.stop());
  beforeEach(() => {
    gateway.reset();
    gateway.answer(generations.quote, () => QUOTED);
  });
  const asked = () => gateway.asked(generations.quote).map(({ body }) => body);
  const { accountId, plan, mode } = aPrincipal();

  it('tells what a request would cost and who would serve it, and counts as a read', async () => {
    const input = { type: 'VIDEO', priority: 'COST', input: { text: 'a' }, options: { duration: 6 } };
    const { body } = await gateway.post(`query($input: GenerateInput!) { quote(input: $input) { ${ALL} } }`, {
      variables: { input },
    });
    expect(body).toEqual({ data: { quote: QUOTED } });
    expect(asked()).toEqual([{ accountId, plan, mode, input }]);
    expect(gateway.asked(rateLimit.check).map((check) => check.body.window)).toEqual(['read']);
  });

  it('loses no variable inside of its options, however often the document comes', async () => {
    const document = `query($seconds: Int!) { quote(input: { type: VIDEO, input: { text: "a" }, options: { duration: $seconds } }) { id } }`;
    for (const seconds of [6, 7, 8, 9]) await gateway.post(document, { variables: { seconds } });
    expect(asked().map(({ input }) => input.options)).toEqual([6, 7, 8, 9].map((duration) => ({ duration })));
  });

  it('one that is refused leaves the others of its document as they are', async () => {
    gateway.answer(generations.quote, ({ input }) => {
      if (input.provider === 'luma') throw new DoitongError('PROVIDER_UNAVAILABLE', 'Not now.');
      return QUOTED;
    });
    const one = (provider: string) =>
      `quote(input: { type: VIDEO, provider: "${provider}", input: { text: "a" } }) { id }`;
    const { body } = await gateway.post(`{ a: ${one('luma')} b: ${one('minimax')} }`);
    expect(body).toMatchObject({
      data: { a: null, b: { id: QUOTED.id } },
      errors: [{ path: ['a'], extensions: { code: 'PROVIDER_UNAVAILABLE' } }],
    });
  });

  it('is checked as generate is, which takes its id', async () => {
    const bad = `{ quote(input: { type: VIDEO, input: { image: "file:///etc/passwd" } }) { id } }`;
    expect((await gateway.post(bad)).body.errors[0].extensions).toMatchObject({ field: 'input.image' });
    expect(asked()).toEqual([]);
    const generate = `mutation { generate(input: { type: VIDEO, input: { text: "a" }, quoteId: "${QUOTED.id}" }) { id } }`;
    await gateway.post(generate);
    expect(gateway.asked(generations.create)[0]?.body.input).toEqual({
      type: 'VIDEO',
      input: { text: 'a' },
      quoteId: QUOTED.id,
    });
  });
});
