import { generations } from '@doitong/contracts';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type Gateway, startGateway } from '../__fixtures__/gateway.js';
import { aGeneration, aPrincipal } from '../__fixtures__/messages.js';

const PAGE = `query($filter: GenerationFilter, $first: Int, $after: String) {
  generations(filter: $filter, first: $first, after: $after) {
    edges { cursor node { id url metadata { model } } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }`;

describe('the list of generations', () => {
  const { accountId, mode } = aPrincipal();
  const many = ['3', '2', '1'].map((digit) => aGeneration({ id: `gen_${digit.repeat(32)}` }));
  let gateway: Gateway;
  beforeAll(async () => {
    gateway = await startGateway();
  });
  afterAll(() => gateway?.stop());
  beforeEach(() => {
    gateway.reset();
    gateway.answer(generations.list, () => ({ generations: many, more: true }));
  });
  const ask = async (variables: object = {}, document = PAGE) =>
    (await gateway.post(document, { variables: { ...variables } })).body;
  const asked = () => gateway.asked(generations.list).map(({ body }) => body);

  it('is asked for in pages of 20, and goes on behind the last cursor', async () => {
    const { pageInfo, edges } = (await ask()).data.generations;
    expect(edges.map(({ node }: { node: object }) => node)).toEqual(
      many.map(({ id, metadata: { model } }) => ({ id, url: null, metadata: { model } })),
    );
    expect(pageInfo).toEqual({
      hasNextPage: true,
      hasPreviousPage: false,
      startCursor: edges[0].cursor,
      endCursor: edges[2].cursor,
    });

    gateway.answer(generations.list, () => ({ generations: [], more: false }));
    const last = await ask({ first: 100, after: pageInfo.endCursor });
    expect(last.data.generations).toEqual({
      edges: [],
      pageInfo: { hasNextPage: false, hasPreviousPage: true, startCursor: null, endCursor: null },
    });
    expect(asked()).toEqual([
      { accountId, mode, filter: {}, first: 20 },
      { accountId, mode, filter: {}, first: 100, after: many[2]!.id },
    ]);
  });

  it('hands over its filter, instants in UTC, with nulls and repeated words left out', async () => {
    await ask({
      filter: {
        type: 'IMAGE',
        status: ['FAILED', 'QUEUED', 'FAILED'],
        provider: 'minimax',
        createdAfter: '2025-01-31T13:30:00+01:30',
        createdBefore: null,
      },
      first: null,
      after: null,
    });
    expect(asked()).toEqual([
      {
        accountId,
        mode,
        filter: {
          type: 'IMAGE',
          status: ['FAILED', 'QUEUED'],
          provider: 'minimax',
          createdAfter: '2025-01-31T12:00:00.000Z',
        },
        first: 20,
      },
    ]);
  });

  it('takes the same values written into the document and as variables, however often it comes', async () => {
    const document = `query($from: DateTime) { generations(filter: { status: COMPLETED, createdAfter: $from, createdBefore: "2026-01-01T00:00:00Z" }) { edges { cursor } } }`;
    for (let time = 1; time <= 3; time++) {
      const createdAfter = `2025-0${time}-01T00:00:00.000Z`;
      await ask({ from: createdAfter }, document);
      expect(asked().at(-1)?.filter).toEqual({
        status: ['COMPLETED'],
        createdAfter,
        createdBefore: '2026-01-01T00:00:00.000Z',
      });
    }
  });

  const cursor = (text: string) => Buffer.from(text).toString('base64url');
  it.each([
    ['0001-01-01T00:00:00Z', '0001-01-01T00:00:00.000Z'],
    ['0001-01-01T00:00:00-23:59', '0001-01-01T23:59:00.000Z'],
    ['9999-12-31T23:59:59.999Z', '9999-12-31T23:59:59.999Z'],
    ['2024-02-29T23:59:59+14:00', '2024-02-29T09:59:59.000Z'],
  ])('takes an instant at the edge of years and months: %s', async (createdAfter, utc) => {
    expect((await ask({ filter: { createdAfter } })).errors).toBeUndefined();
    expect(asked()[0]).toMatchObject({ filter: { createdAfter: utc } });
  });

  it.each([
    [{ first: 0 }, 'first'],
    [{ first: -1 }, 'first'],
    [{ first: 101 }, 'first'],
    [{ after: '' }, 'after'],
    [{ after: 'gen_1' }, 'after'],
    [{ after: cursor('gen_1') }, 'after'],
    [{ after: `${cursor(`gen_${'1'.repeat(32)}`)}=` }, 'after'],
    [{ filter: { createdAfter: 'yesterday' } }, 'createdAfter'],
    [{ filter: { createdBefore: '2025-01-31T12:00:00' } }, 'createdBefore'],
    [{ filter: { createdBefore: 1 } }, 'createdBefore'],
    [{ filter: { createdAfter: '0001-01-01T00:00:00+23:59' } }, 'createdAfter'],
    [{ filter: { createdAfter: '0000-06-01T00:00:00Z' } }, 'createdAfter'],
    [{ filter: { createdBefore: '9999-12-31T23:59:59-00:01' } }, 'createdBefore'],
    [{ filter: { createdBefore: '2025-02-29T00:00:00Z' } }, 'createdBefore'],
    [{ filter: { createdBefore: '2025-04-31T00:00:00Z' } }, 'createdBefore'],
    [{ filter: { createdBefore: '2025-13-01T00:00:00Z' } }, 'createdBefore'],
    [{ filter: { createdBefore: '2025-01-01T24:00:00Z' } }, 'createdBefore'],
    [{ filter: { createdBefore: '2025-01-01T00:60:00Z' } }, 'createdBefore'],
    [{ filter: { createdBefore: '2025-01-01T00:00:00+99:00' } }, 'createdBefore'],
    [{ filter: { status: ['DONE'] } }, 'status.0'],
  ])('refuses what cannot be: %j', async (variables, field) => {
    expect((await ask(variables)).errors).toMatchObject([{ extensions: { code: 'INVALID_INPUT', field } }]);
    expect(asked()).toEqual([]);
  });
});
