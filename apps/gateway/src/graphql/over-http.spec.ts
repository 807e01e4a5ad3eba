import { generations } from '@doitong/contracts';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { serverAudits } from 'graphql-http';
import { type Gateway, startGateway } from '../__fixtures__/gateway.js';

const DOCUMENT = '{ generation(id: "x") { id } }';
const AUTHORIZATION = { authorization: 'Bearer dt_test_0123456789abcdef' };

let gateway: Gateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway?.stop());
beforeEach(() => gateway.reset());

const send = (init: RequestInit, search = '') =>
  fetch(`${gateway.url}/graphql${search}`, { ...init, headers: { ...AUTHORIZATION, ...init.headers } });

describe('GraphQL over HTTP', () => {
  const fetchFn = (url: string, init: RequestInit = {}) =>
    fetch(url, { ...init, headers: { ...init.headers, ...AUTHORIZATION } });
  const audits = serverAudits({ url: () => `${gateway.url}/graphql`, fetchFn });

  it('is audited on all of its 61 points', () => expect(audits).toHaveLength(61));

  it.each(audits)('$id: $name', async ({ fn }) => {
    expect(await fn()).toMatchObject({ status: 'ok' });
  });
});

describe('a request that HTTP has a status for', () => {
  const form = (type: string, body: string | URLSearchParams): RequestInit => ({
    method: 'POST',
    headers: { 'content-type': type },
    body,
  });

  it.each([
    ['text', form('text/plain', JSON.stringify({ query: DOCUMENT }))],
    ['an urlencoded form', form('application/x-www-form-urlencoded', new URLSearchParams({ query: DOCUMENT }))],
    ['a form with files', form('multipart/form-data; boundary=x', '--x--')],
    ['text that calls itself nearly JSON', form('text/plain;application/json', JSON.stringify({ query: DOCUMENT }))],
    ['a GraphQL document', form('application/graphql', DOCUMENT)],
  ])('415: %s, which a form of another page could send', async (_what, request) => {
    const response = await send(request);
    expect(response.status).toBe(415);
    expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: 'INVALID_INPUT' } }] });
    expect(gateway.asked(generations.get)).toEqual([]);
  });

  it('406: one that accepts nothing that we have', async () => {
    const response = await send({ headers: { accept: 'application/xml' } }, `?query=${DOCUMENT}`);
    expect(response.status).toBe(406);
    expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: 'INVALID_INPUT' } }] });
  });

  it.each(['PUT', 'PATCH', 'DELETE'])('405: a %s', async (method) => {
    const response = await send({ method, body: '{}', headers: { 'content-type': 'application/json' } });
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, HEAD, POST']);
  });

  it.each(['GET', 'HEAD'])('405: a mutation by %s', async (method) => {
    const query = 'mutation { cancelGeneration(id: "x") }';
    const response = await send({ method }, `?${new URLSearchParams({ query })}`);
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST']);
    expect(gateway.asked(generations.cancel)).toEqual([]);
  });
});

describe('a HEAD', () => {
  const TOLD = ['content-type', 'content-length', 'content-security-policy', 'x-ratelimit-limit'];

  it.each([
    ['a query', { query: DOCUMENT }],
    ['a query with variables', { query: 'query ($id: ID!) { generation(id: $id) { id } }', variables: '{"id":"x"}' }],
    ['a wrong document', { query: '{ colour }' }],
    ['no document', {}],
    ['a browser', { query: DOCUMENT }, 'text/html'],
    ['a wish that cannot be met', { query: DOCUMENT }, 'application/xml'],
  ])('is answered as the GET of the same URL, without a body: %s', async (_what, search, accept = '*/*') => {
    const [get, head] = await Promise.all(
      ['GET', 'HEAD'].map(async (method) => {
        const response = await send({ method, headers: { accept } }, `?${new URLSearchParams(search)}`);
        const told = TOLD.map((name) => response.headers.get(name));
        return { status: response.status, told, body: await response.text() };
      }),
    );
    expect(get!.body).not.toBe('');
    expect(head).toEqual({ ...get, body: '' });
  });
});

describe('the form of an answer', () => {
  const answerTo = async (accept: string, query: string) => {
    const body = JSON.stringify({ query });
    const response = await send({ method: 'POST', body, headers: { accept, 'content-type': 'application/json' } });
    return [response.headers.get('content-type'), response.status];
  };
  const PLAIN = 'application/json; charset=utf-8';
  const MODERN = 'application/graphql-response+json; charset=utf-8';

  it.each([
    ['*/*', PLAIN, 400],
    ['application/json', PLAIN, 200],
    ['application/graphql-response+json', MODERN, 400],
    ['application/graphql-response+json,application/json;q=0.9', MODERN, 400],
    ['application/json,application/graphql-response+json;q=0.9', PLAIN, 200],
    ['text/html,application/json;q=0.9', PLAIN, 200],
    ['application/json; charset=utf-8', PLAIN, 200],
    ['application/json;charset="UTF-8", text/plain, */*', PLAIN, 200],
    ['application/graphql-response+json; charset=utf-8, application/json; charset=utf-8; q=0.9', MODERN, 400],
    ['application/json; charset=utf-8; q=0.5, application/graphql-response+json; charset=utf-8', MODERN, 400],
  ])('is what Accept: %s wants, and so is the status of a faulty document', async (accept, type, status) => {
    expect(await answerTo(accept, DOCUMENT)).toEqual([type, 200]);
    expect(await answerTo(accept, '{ colour }')).toEqual([type, status]);
  });
});
