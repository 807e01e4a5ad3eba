import { billing, DoitongError, generations, rateLimit } from '@doitong/contracts';
import { waitFor } from '@doitong/support';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type Gateway, startGateway } from '../__fixtures__/gateway.js';
import { whileKeysAreKnown } from '../__fixtures__/known-keys.js';
import { aGeneration, allowed, aPrincipal } from '../__fixtures__/messages.js';

const ONE = '(input: { type: IMAGE, input: { text: "a" } }) { id }';
const GENERATE = `mutation { generate${ONE} }`;
const CANCEL = 'cancelGeneration(id: "x")';
const READ = '{ generation(id: "x") { id } }';

describe('the minute limits', () => {
  let gateway: Gateway;
  beforeAll(async () => {
    gateway = await startGateway();
  });
  afterAll(() => gateway?.stop());
  beforeEach(() => {
    gateway.reset();
    gateway.answer(generations.cancel, () => ({ cancelled: true }));
  });
  const checks = () => gateway.asked(rateLimit.check).map(({ body }) => body);
  const generating = (cost: number) => ({ key: aPrincipal().accountId, window: 'generate', cost, limit: 60 });
  const changing = (cost: number) => ({ ...generating(cost), window: 'change' });
  const reading = { key: aPrincipal().accountId, window: 'read', cost: 1, limit: 600 };

  it.each([
    ['a generating field', GENERATE, 1],
    ['each alias', `mutation { a: generate${ONE} b: generate${ONE} c: generate${ONE} }`, 3],
    ['a field in a fragment', `mutation { ...F } fragment F on Mutation { generate${ONE} }`, 1],
    [
      'fields in nested fragments',
      `mutation { ...F ... on Mutation { b: generate${ONE} ... { c: generate${ONE} } } }
       fragment F on Mutation { a: generate${ONE} ...G } fragment G on Mutation { d: generate${ONE} }`,
      4,
    ],
    ['a fragment that is spread twice, once', `mutation { ...F ...F } fragment F on Mutation { generate${ONE} }`, 1],
  ])('count %s', async (_what, document, cost) => {
    expect((await gateway.post(document)).body.errors).toBeUndefined();
    expect(checks()).toEqual([generating(cost)]);
    expect(gateway.asked(generations.create)).toHaveLength(cost);
  });

  it('count only the operation that is named, however often another of its document ran', async () => {
    const document = `query Read ${READ} mutation Generate { generate${ONE} }`;
    for (let time = 1; time <= 3; time++) await gateway.post(document, { operationName: 'Generate' });
    await gateway.post(document, { operationName: 'Read' });
    expect(checks()).toEqual([generating(1), generating(1), generating(1), reading]);
    expect(gateway.asked(generations.create)).toHaveLength(3);
  });

  it.each([
    ['a query', READ],
    ['a query of several fields', `{ a: generation(id: "x") { id } b: generation(id: "y") { id } }`],
    ['a document that is not valid', '{ nothing }'],
    ['a document that cannot be read', '{'],
  ])('count %s as one read, of which there are ten times as many', async (_what, document) => {
    await gateway.post(document);
    expect(checks()).toEqual([reading]);
  });

  it.each([
    ['a mutation that generates nothing', `mutation { ${CANCEL} }`, [changing(1)]],
    [
      'each alias of one',
      `mutation { a: ${CANCEL} b: ${CANCEL} ...F } fragment F on Mutation { c: ${CANCEL} }`,
      [changing(3)],
    ],
    ['both kinds of one document', `mutation { x: ${CANCEL} generate${ONE} __typename }`, [changing(1), generating(1)]],
  ])('count %s by the changes that it makes', async (_what, document, expected) => {
    expect((await gateway.post(document)).body.errors).toBeUndefined();
    expect(checks()).toEqual(expected);
  });

  it('let nothing of a document happen that makes more changes than are left', async () => {
    gateway.answer(rateLimit.check, ({ window }) => allowed({ allowed: window !== 'change', retryAfterSeconds: 9 }));
    const { status, headers } = await gateway.post(`mutation { x: ${CANCEL} generate${ONE} }`);
    expect([status, headers.get('retry-after')]).toEqual([429, '9']);
    expect(headers.get('ratelimit-policy')).toContain('"changes_per_minute";q=60;w=60');
    expect(checks()).toEqual([changing(1)]);
    expect([gateway.asked(generations.cancel), gateway.asked(generations.create)]).toEqual([[], []]);
  });

  it('do not end on a fragment that holds itself', async () => {
    const { body } = await gateway.post(`mutation { ...F } fragment F on Mutation { generate${ONE} ...F }`);
    expect(body.errors[0].extensions.code).toBe('INVALID_INPUT');
    expect(gateway.asked(generations.create)).toEqual([]);
  });

  it.each([
    ['an answer', READ, 200],
    ['an answer with errors', '{ account { id } }', 200],
    ['a refusal', '{ nothing }', 400],
  ])('are told on %s', async (_what, document, status) => {
    gateway.answer(rateLimit.check, () => allowed({ remaining: 598, resetSeconds: 37 }));
    const answer = await gateway.post(document);
    expect(answer.status).toBe(status);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'x-ratelimit-limit': '600',
      'x-ratelimit-remaining': '598',
      'x-ratelimit-reset': '37',
      ratelimit: '"reads_per_minute";r=598;t=37, "concurrent";r=10, "per_day";r=10000;t=3600',
    });
  });

  it('are told, with all others in force, in structured fields that any web page may read', async () => {
    gateway.answer(rateLimit.check, () => allowed({ concurrent: 4, generationsToday: 10_001, todayResetSeconds: 5 }));
    const { headers } = await gateway.post(GENERATE);
    expect(headers.get('ratelimit-policy')).toBe(
      '"per_minute";q=60;w=60, "reads_per_minute";q=600;w=60, "concurrent";q=10;qu="concurrent-requests", "per_day";q=10000;w=86400',
    );
    expect(headers.get('ratelimit')).toBe('"per_minute";r=59;t=60, "concurrent";r=6, "per_day";r=0;t=5');
    const exposed = headers.get('access-control-expose-headers')?.split(', ');
    const told = [...headers.keys()].filter((name) => name.includes('ratelimit'));
    expect(exposed).toEqual(expect.arrayContaining([...told, 'retry-after']));
    expect(told).toHaveLength(5);
  });

  it('name no daily quota where there is none', async () => {
    const limits = { ...aPrincipal().limits, perDay: null };
    gateway.answer(billing.authenticate, () => aPrincipal({ limits }));
    const { headers } = await gateway.post(READ, { headers: { authorization: `Bearer ${gateway.newKey()}` } });
    expect(`${headers.get('ratelimit-policy')} ${headers.get('ratelimit')}`).not.toContain('per_day');
  });

  it('that were changed act as soon as that is told', async () => {
    await whileKeysAreKnown(gateway, async () => {
      const headers = { authorization: `Bearer ${gateway.newKey()}` };
      const limit = async () => (await gateway.post(GENERATE, { headers })).headers.get('x-ratelimit-limit');
      expect(await limit()).toBe('60');
      const limits = { requestsPerMinute: 30, concurrent: 3, perDay: 1_000 };
      gateway.answer(billing.authenticate, () => aPrincipal({ plan: 'STARTER', limits }));
      await gateway.broadcast(billing.keysChanged, { accountId: aPrincipal().accountId });
      await waitFor(async () => expect(await limit()).toBe('30'));
    });
  });

  it('refuse with 429 what is over them, and nothing of it is executed', async () => {
    const refused = allowed({ allowed: false, remaining: 0, resetSeconds: 58, retryAfterSeconds: 21 });
    gateway.answer(rateLimit.check, () => refused);
    const { status, headers, body } = await gateway.post(GENERATE);
    expect(status).toBe(429);
    expect(Object.fromEntries(headers)).toMatchObject({
      'retry-after': '21',
      'x-ratelimit-limit': '60',
      'x-ratelimit-remaining': '0',
      'x-ratelimit-reset': '58',
    });
    expect(body).toEqual({
      errors: [
        {
          message: expect.any(String),
          extensions: {
            code: 'RATE_LIMIT',
            retryable: true,
            billed: false,
            stage: 'ADMISSION',
            limit: 'per_minute',
            retryAfter: 21,
          },
        },
      ],
    });
    expect(gateway.asked(generations.create)).toEqual([]);
  });

  it('of other kinds, refused by a service, are 429 too when nothing was done', async () => {
    let refusals = 1;
    gateway.answer(generations.create, () => {
      if (refusals-- > 0) {
        throw new DoitongError('RATE_LIMIT', 'One at a time.', { limit: 'concurrent', retryAfter: 5 });
      }
      return aGeneration();
    });
    const { status, headers, body } = await gateway.post(GENERATE);
    expect([status, headers.get('retry-after')]).toEqual([429, '5']);
    expect(body).toMatchObject({
      data: { generate: null },
      errors: [{ extensions: { code: 'RATE_LIMIT', limit: 'concurrent' } }],
    });
  });

  it('fail closed for what costs credits, and open for reads, while they cannot be checked', async () => {
    gateway.answer(rateLimit.check, () => {
      throw new DoitongError('INTERNAL', 'Something went wrong on our side. Please try again.');
    });
    const { status, headers, body } = await gateway.post(GENERATE);
    expect([status, headers.get('retry-after')]).toEqual([503, '1']);
    expect(body.errors[0].extensions).toMatchObject({ code: 'INTERNAL', retryable: true, billed: false });
    expect(gateway.asked(generations.create)).toEqual([]);

    const read = await gateway.post(READ);
    expect(read.body).toEqual({ data: { generation: { id: aGeneration().id } } });
    expect(read.headers.has('x-ratelimit-limit')).toBe(false);

    const metrics = await (await fetch(`${gateway.managementUrl}/metrics`)).text();
    for (const window of ['generate', 'read']) {
      expect(metrics).toMatch(new RegExp(`rate_limit_unchecked_total\\{window="${window}",.*\\} 1\n`));
    }

    gateway.answer(rateLimit.check, () => allowed());
    expect((await gateway.post(GENERATE)).status).toBe(200);
    await waitFor(() => {
      const told = gateway.logs().filter((line) => line.includes('rate limits'));
      expect(told.map((line) => JSON.parse(line).level)).toEqual(['error', 'info']);
    });
  });
});
