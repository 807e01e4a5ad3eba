import { once } from 'node:events';
import { request } from 'node:http';
import { json } from 'node:stream/consumers';
import { generations, rateLimit } from '@doitong/contracts';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { getIntrospectionQuery } from 'graphql';
import { type Gateway, startGateway } from '../__fixtures__/gateway.js';

const times = (count: number, of: (index: number) => string) =>
  Array.from({ length: count }, (_, n) => of(n)).join(' ');
const aliases = (count: number) => `{ ${times(count, (n) => `a${n}: generation(id: "x") { id }`)} }`;
const nested = (levels: number) =>
  `{ generation(id: "x") ${'{ routing '.repeat(levels)} { id } ${'}'.repeat(levels)} }`;
/** Each fragment spreads the next one twice: some 80 tokens ask for more than a million fields. */
const doubling = `{ generation(id: "x") { ...F0 } }
  ${times(20, (n) => `fragment F${n} on Generation { ...F${n + 1} routing { reason } ...F${n + 1} }`)}
  fragment F20 on Generation { id }`;
/** Little more than a thousand characters that ask for megabytes. */
const multiplied = `{ __schema { types { ${times(20, (n) => `a${n}: fields { type { ...I ofType { ...I } } }`)} } } }
  fragment I on __Type { ${times(20, (n) => `b${n}: description`)} }`;
const often = `{ __schema { types { ${times(90, (n) => `a${n}: fields { description type { ofType { name } } }`)} } } }`;
const page = (first: string) => `generations(first: ${first}) { edges { node { id status progress error { code } } } }`;

let gateway: Gateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway?.stop());
beforeEach(() => gateway.reset());

const byGet = async (query: string) => {
  const url = `${gateway.url}/graphql?${new URLSearchParams({ query })}`;
  const response = await fetch(url, { headers: { authorization: 'Bearer dt_test_0123456789abcdef' } });
  return { status: response.status, body: await response.json() };
};

describe('a document beyond a limit is INVALID_INPUT that names the limit and what was found, and is not executed', () => {
  it.each([
    ['10,000 aliases', aliases(10_000), 'length', /258,?\d*|characters/],
    ['1,000 aliases', aliases(1_000), 'tokens', /more than 2000 tokens/],
    ['101 aliases', aliases(101), 'aliases', /101 aliases; 100/],
    [
      'aliases in a fragment that is spread twice',
      `{ ...F ...F } fragment F on Query ${aliases(51)}`,
      'aliases',
      /102/,
    ],
    ['deep nesting', nested(11), 'depth', /13 levels deep; 12/],
    ['nesting without end', nested(400), 'depth', /402 levels deep; 12/],
    ['a brace without end', '{ a '.repeat(900), undefined, /Syntax Error/],
    ['pages of pages', `{ ${times(30, (n) => `a${n}: ${page('100')}`)} }`, 'cost', /costs \d+ .*; 10000 is allowed/],
    [
      'a page of a length that a variable gives',
      `query ($n: Int) { ${times(30, (n) => `a${n}: ${page('$n')}`)} }`,
      'cost',
      /costs/,
    ],
    [
      'pages of a length below 0 beside full ones',
      `{ b: ${page('-100000')} ${times(30, (n) => `a${n}: ${page('100')}`)} }`,
      'cost',
      /costs \d+/,
    ],
    ['fragments that double and double', doubling, 'cost', /costs \d+/],
    ['introspection that multiplies by aliases', multiplied, 'aliases', /\d+ aliases; 100/],
    ['introspection that asks often', often, 'cost', /costs (\d+|far more)/],
    [
      'aliases inside introspection',
      `{ __schema { ${times(101, (n) => `a${n}: queryType { name }`)} } }`,
      'aliases',
      /101/,
    ],
  ])('%s', async (_what, document, limit, message) => {
    for (let time = 1; time <= 2; time++) {
      const { status, body } = await gateway.post(document);
      expect(status).toBe(400);
      expect(body.errors[0]).toMatchObject({
        message: expect.stringMatching(message),
        extensions: { code: 'INVALID_INPUT' },
      });
      expect(body.errors[0].extensions.limit).toBe(limit);
      if (limit) expect(body.errors[0].extensions.allowed).toEqual(expect.any(Number));
    }
    expect(gateway.asked(generations.get)).toEqual([]);
    expect(gateway.asked(rateLimit.check)).toHaveLength(2);
  });

  it('by GET as by POST', async () => {
    expect(await byGet(aliases(101))).toMatchObject({
      status: 400,
      body: { errors: [{ extensions: { limit: 'aliases' } }] },
    });
    expect(gateway.asked(generations.get)).toEqual([]);
  });
});

it.each([
  ['of itself', '{ generation(id: "x") { ...A } } fragment A on Generation { id ...A }'],
  ['of two', '{ generation(id: "x") { ...A } } fragment A on Generation { ...B } fragment B on Generation { ...A }'],
])('a circle %s fragments is refused at once', async (_what, document) => {
  const { status, body } = await gateway.post(document);
  expect([status, body.errors[0].message]).toEqual([400, expect.stringContaining('within itself')]);
});

it.each([
  ['100 aliases', aliases(100)],
  ['the introspection of editors', getIntrospectionQuery({ inputValueDeprecation: true, specifiedByUrl: true })],
  [
    'the introspection of code generators',
    getIntrospectionQuery({
      descriptions: true,
      schemaDescription: true,
      specifiedByUrl: true,
      directiveIsRepeatable: true,
      inputValueDeprecation: true,
      oneOf: true,
    }),
  ],
  ['a look at one type', '{ __type(name: "Generation") { name fields { name args { name } type { name kind } } } }'],
])('%s are within the limits', async (_what, document) => {
  const { status, body } = await gateway.post(document);
  expect([status, body.errors]).toEqual([200, undefined]);
});

it('introspection cannot multiply itself', async () => {
  const fields = (inner: string) => `fields { type { ${inner} } }`;
  const { status } = await gateway.post(`{ __schema { types { ${fields(fields(fields('name')))} } } }`);
  expect(status).toBe(400);
});

describe('a body of 10 MB', () => {
  const size = 10 * 1024 * 1024;
  const told = { code: 'INVALID_INPUT', limit: 'body', allowed: 1024 * 1024 };
  const refusal = { errors: [expect.objectContaining({ extensions: expect.objectContaining(told) })] };

  it('is refused by its announced length', async () => {
    const { status, body } = await gateway.send(JSON.stringify({ query: 'x'.repeat(size) }));
    expect([status, body]).toEqual([413, refusal]);
  });

  it('is refused before it has ended when it announces no length', async () => {
    const { hostname, port } = new URL(gateway.url);
    const headers = { authorization: 'Bearer dt_test_0123456789abcdef', 'content-type': 'application/json' };
    const endless = request({ hostname, port, path: '/graphql', method: 'POST', headers });
    const answered = once(endless, 'response');
    endless.on('error', () => {});
    endless.write(' '.repeat(1024 * 1024 + 1));
    const [response] = await answered;
    expect([response.statusCode, await json(response)]).toEqual([413, refusal]);
    endless.destroy();
  });
});
