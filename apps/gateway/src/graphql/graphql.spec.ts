import { Agent, request } from 'node:http';
import { DoitongError, generations, rateLimit } from '@doitong/contracts';
import { eventually, waitFor } from '@doitong/support';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type Gateway, startGateway } from '../__fixtures__/gateway.js';
import { aGeneration } from '../__fixtures__/messages.js';

const READ = 'query Read($id: ID!) { generation(id: $id) { id status } }';
const GENERATE = 'mutation Generate($input: GenerateInput!) { generate(input: $input) { id } }';

describe('a GraphQL request', () => {
  let gateway: Gateway;
  beforeAll(async () => {
    gateway = await startGateway();
  });
  afterAll(() => gateway?.stop());
  beforeEach(() => gateway.reset());

  it('keeps its x-request-id on its way through the services and back', async () => {
    const answer = await gateway.post(READ, { variables: { id: 'x' }, headers: { 'x-request-id': 'ours-1' } });
    expect(answer.headers.get('x-request-id')).toBe('ours-1');
    expect(gateway.asked(rateLimit.check)[0]?.requestId).toBe('ours-1');
    expect(gateway.asked(generations.get)[0]?.requestId).toBe('ours-1');
  });

  it('gets an x-request-id when it has none, in its log lines too', async () => {
    const answer = await gateway.post(GENERATE, { variables: { input: { type: 'VIDEO', input: { text: 'a' } } } });
    const requestId = answer.headers.get('x-request-id');
    expect(requestId).toMatch(/^[0-9a-f-]{36}$/);
    expect(gateway.asked(generations.create)[0]?.requestId).toBe(requestId);
    const line = await eventually(() =>
      gateway.logs().find((one) => one.includes('generation accepted') && one.includes(requestId!)),
    );
    expect(JSON.parse(line)).toMatchObject({ requestId, generationId: aGeneration().id });
  });

  it('keeps its own x-request-id when its body comes late and others are under way on the same connection', async () => {
    const { hostname, port } = new URL(gateway.url);
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const late = (requestId: string) =>
      new Promise<void>((resolve, reject) => {
        const headers = {
          authorization: 'Bearer dt_test_1',
          'content-type': 'application/json',
          'x-request-id': requestId,
        };
        const sent = request({ hostname, port, path: '/graphql', method: 'POST', agent, headers }, (response) => {
          response.resume().once('end', resolve);
        });
        sent.once('error', reject);
        sent.write('{ "query": ');
        setTimeout(() => sent.end(`"{ generation(id: \\"${requestId}\\") { id } }" }`), 20);
      });
    await Promise.all(['late-1', 'late-2', 'late-3'].map(late));
    agent.destroy();
    const seen = gateway.asked(generations.get).map(({ body, requestId }) => [body.id, requestId]);
    expect(seen.sort()).toEqual(['late-1', 'late-2', 'late-3'].map((id) => [id, id]));
  });

  it('is answered the same however often it comes', async () => {
    for (let time = 1; time <= 4; time++) {
      const { status, body } = await gateway.post(READ, { variables: { id: 'x' } });
      expect([time, status, body]).toEqual([
        time,
        200,
        { data: { generation: { id: aGeneration().id, status: 'QUEUED' } } },
      ]);
    }
  });

  it('that sends null for a variable with a default is refused the same however often it comes', async () => {
    const document = 'query($id: ID = "x") { generation(id: $id) { id } }';
    for (let time = 1; time <= 4; time++) {
      const { status, body } = await gateway.post(document, { variables: { id: null } });
      const error = { path: ['generation'], extensions: { code: 'INVALID_INPUT', field: 'id' } };
      expect([time, status, body]).toMatchObject([time, 200, { data: { generation: null }, errors: [error] }]);
    }
    expect(gateway.asked(generations.get)).toEqual([]);
  });

  it('is answered by the operation that it names, however often another of its document ran', async () => {
    const document = `query Id { generation(id: "a") { id } } query Status { generation(id: "b") { status } }`;
    for (let time = 1; time <= 4; time++) {
      const id = await gateway.post(document, { operationName: 'Id' });
      expect(id.body).toEqual({ data: { generation: { id: aGeneration().id } } });
    }
    const status = await gateway.post(document, { operationName: 'Status' });
    expect(status.body).toEqual({ data: { generation: { status: 'QUEUED' } } });
  });

  it.each([[undefined], ['Neither']])(
    'is refused when its document has no one operation of its name: %s',
    async (name) => {
      const document = 'query A { account { id } } query B { account { name } }';
      expect(await gateway.post(document, { operationName: name })).toMatchObject({
        status: 400,
        body: { errors: [{ extensions: { code: 'INVALID_INPUT', field: 'operationName', allowed: ['A', 'B'] } }] },
      });
    },
  );

  it('keeps variables inside a literal, however often it comes', async () => {
    const document = `mutation($seconds: Int!, $text: String!) {
      generate(input: { type: VIDEO, input: { text: $text }, options: { duration: $seconds, deep: [{ also: $text }] } }) { id }
    }`;
    for (let time = 1; time <= 4; time++) {
      await gateway.post(document, { variables: { seconds: time, text: 'a' } });
    }
    expect(gateway.asked(generations.create).map(({ body }) => body.input)).toEqual(
      [1, 2, 3, 4].map((seconds) => ({
        type: 'VIDEO',
        input: { text: 'a' },
        options: { duration: seconds, deep: [{ also: 'a' }] },
      })),
    );
  });

  describe('that is not valid is INVALID_INPUT, names the field, and reaches no service', () => {
    const generate = (input: unknown) => [GENERATE, { input }] as const;
    it.each([
      ['an unknown word of an enum', ...generate({ type: 'FILM', input: {} }), 'type'],
      [
        'an unknown word of an enum in a literal',
        'mutation { generate(input: { type: FILM, input: {} }) { id } }',
        {},
        'type',
      ],
      ['a missing field', ...generate({ input: {} }), 'type'],
      ['a missing field in a literal', 'mutation { generate(input: { type: VIDEO }) { id } }', {}, 'input'],
      ['an unknown field', ...generate({ type: 'VIDEO', input: {}, style: 'x' }), 'style'],
      ['an unknown field further down', ...generate({ type: 'VIDEO', input: { prompt: 'x' } }), 'input.prompt'],
      [
        'an unknown field in a literal',
        'mutation { generate(input: { type: VIDEO, input: { prompt: "x" } }) { id } }',
        {},
        'input.prompt',
      ],
      ['a wrong type', ...generate({ type: 'VIDEO', provider: 5, input: {} }), 'provider'],
      [
        'a wrong type in a literal',
        'mutation { generate(input: { type: VIDEO, provider: 5, input: {} }) { id } }',
        {},
        'provider',
      ],
      ['a missing variable', GENERATE, {}, 'input'],
      ['an unknown selection', '{ generation(id: "x") { id colour } }', {}, 'colour'],
      ['an unknown argument', '{ generation(id: "x", name: "y") { id } }', {}, 'name'],
    ])('%s', async (_what, query, variables, field) => {
      for (let time = 1; time <= 3; time++) {
        const { status, body } = await gateway.post(query, { variables });
        expect(status).toBe(400);
        expect(body).not.toHaveProperty('data');
        expect(body.errors[0]).toMatchObject({
          message: expect.any(String),
          extensions: { code: 'INVALID_INPUT', field, retryable: false, billed: false, stage: 'ADMISSION' },
        });
      }
      expect(gateway.asked(generations.create)).toEqual([]);
      expect(gateway.asked(generations.get)).toEqual([]);
    });

    it('a wrong variable of a query that came often before', async () => {
      const document = 'query($type: GenerationType) { providers(type: $type) { id } }';
      gateway.answer(generations.providers, () => ({ providers: [] }));
      for (let time = 1; time <= 3; time++) await gateway.post(document, { variables: { type: 'VIDEO' } });
      expect(await gateway.post(document, { variables: { type: 'FILM' } })).toMatchObject({
        status: 400,
        body: {
          errors: [
            { extensions: { code: 'INVALID_INPUT', field: 'type', allowed: ['VIDEO', 'IMAGE', 'AUDIO', 'AVATAR'] } },
          ],
        },
      });
    });

    it.each([
      ['a subscription, of which there are none', '{"query":"subscription { generation }"}', 400],
      ['a syntax error', '{"query":"{ generation("}', 400],
      [
        'a document as a syntax tree',
        JSON.stringify({ query: JSON.stringify({ kind: 'Document', definitions: [] }) }),
        400,
      ],
      ['no document', '{"variables":{}}', 400],
      ['a document that is no string', '{"query":{}}', 400],
      ['variables that are no object', '{"query":"{ account { id } }","variables":[1]}', 400],
      ['a batch', '[{"query":"{ account { id } }"}]', 400],
      ['a body that is not JSON', '{"query":', 400],
      ['an empty body', '', 400],
      ['a body of more than 1 MB', JSON.stringify({ query: `# ${'x'.repeat(1024 * 1024)}` }), 413],
      ['a document of more than 150,000 characters', JSON.stringify({ query: `# ${'x'.repeat(150_000)}` }), 400],
      ['a document of too many words', JSON.stringify({ query: `{ ${'a '.repeat(6_000)} }` }), 400],
    ])('%s', async (_what, body, status) => {
      const answer = await gateway.send(body);
      expect(answer.body).toMatchObject({ errors: [{ extensions: { code: 'INVALID_INPUT' } }] });
      expect(answer.status).toBe(status);
    });
  });

  it('may be a GET, but not to change anything', async () => {
    const get = async (query: string) => {
      const url = `${gateway.url}/graphql?${new URLSearchParams({ query, variables: '{"id":"x"}' })}`;
      const response = await fetch(url, { headers: { authorization: 'Bearer dt_test_1' } });
      return { status: response.status, body: await response.json() };
    };
    const read = { data: { generation: { id: aGeneration().id, status: 'QUEUED' } } };
    expect(await get(READ)).toEqual({ status: 200, body: read });
    expect(await get('mutation($id: ID!) { cancelGeneration(id: $id) }')).toMatchObject({
      status: 405,
      body: { errors: [{ extensions: { code: 'INVALID_INPUT' } }] },
    });
    expect(gateway.asked(generations.cancel)).toEqual([]);
  });

  it('that a service refuses has HTTP 200 and all that the service said of it', async () => {
    gateway.answer(generations.create, () => {
      throw new DoitongError('INVALID_INPUT', 'duration must be one of the allowed values.', {
        field: 'options.duration',
        allowed: [6, 10],
      });
    });
    const { status, body } = await gateway.post(GENERATE, { variables: { input: { type: 'VIDEO', input: {} } } });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      data: { generate: null },
      errors: [
        {
          message: 'duration must be one of the allowed values.',
          path: ['generate'],
          extensions: {
            code: 'INVALID_INPUT',
            retryable: false,
            billed: false,
            stage: 'ADMISSION',
            field: 'options.duration',
            allowed: [6, 10],
          },
        },
      ],
    });
  });

  it('keeps what was accepted when another of its fields is refused', async () => {
    let calls = 0;
    gateway.answer(generations.create, () => {
      if (++calls === 2) throw new DoitongError('RATE_LIMIT', 'One at a time.', { limit: 'concurrent', retryAfter: 5 });
      return aGeneration();
    });
    const field = 'generate(input: { type: VIDEO, input: { text: "a" } }) { id }';
    const { status, body } = await gateway.post(`mutation { a: ${field} b: ${field} c: ${field} }`);
    expect(status).toBe(200);
    const made = { id: aGeneration().id };
    expect(body).toMatchObject({ data: { a: made, b: null, c: made }, errors: [{ path: ['b'] }] });
  });

  it('that fails on our side tells nothing of why, and logs it', async () => {
    gateway.answer(generations.get, () => ({ secretTable: 'x' }) as never);
    for (let time = 1; time <= 3; time++) {
      const { status, body } = await gateway.post(READ, { variables: { id: 'x' } });
      expect(status).toBe(200);
      expect(body.errors[0].extensions).toMatchObject({ code: 'INTERNAL', retryable: true });
      expect(JSON.stringify(body)).not.toMatch(/generations\.get|accountId|secretTable/);
    }
    await waitFor(() =>
      expect(gateway.logs().filter((line) => line.includes('generations.get: message'))).toHaveLength(3),
    );
  });

  it('that no service answers is INTERNAL and may be tried again', async () => {
    const { body } = await gateway.post('{ account { credits } }');
    expect(body.errors[0].extensions).toMatchObject({ code: 'INTERNAL', retryable: true });
  });

  it('may come from any web page', async () => {
    const preflight = await fetch(`${gateway.url}/graphql`, {
      method: 'OPTIONS',
      headers: {
        origin: 'https://app.example',
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization,content-type,idempotency-key',
      },
    });
    expect(preflight.status).toBe(204);
    expect(Object.fromEntries(preflight.headers)).toMatchObject({
      'access-control-allow-origin': '*',
      'access-control-allow-methods': 'GET, POST',
      'access-control-allow-headers': 'authorization,content-type,idempotency-key',
    });
    for (const authorization of ['Bearer dt_test_1', 'none']) {
      const { headers } = await gateway.post(READ, { variables: { id: 'x' }, headers: { authorization } });
      expect(headers.get('access-control-allow-origin')).toBe('*');
      expect(headers.get('access-control-expose-headers')).toMatch(/x-request-id.*x-ratelimit-remaining.*retry-after/);
    }
  });
});
