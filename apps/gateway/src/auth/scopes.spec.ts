import { billing, generations, type Scope } from '@doitong/contracts';
import { subscribe } from '@doitong/support';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { buildClientSchema, type GraphQLObjectType, getIntrospectionQuery } from 'graphql';
import { type Gateway, startGateway } from '../__fixtures__/gateway.js';
import { aPrincipal } from '../__fixtures__/messages.js';

describe('the scopes of a key', () => {
  let gateway: Gateway;
  beforeAll(async () => {
    gateway = await startGateway();
  });
  afterAll(() => gateway?.stop());
  beforeEach(() => gateway.reset());

  /** A key that has these scopes. */
  const keyWith = (...scopes: Scope[]) => {
    gateway.answer(billing.authenticate, () => aPrincipal({ scopes }));
    return `Bearer ${gateway.newKey()}`;
  };
  const lacking = (scope: string) => ({
    status: 403,
    body: {
      errors: [
        {
          message: `This API key does not have the scope "${scope}".`,
          extensions: { code: 'FORBIDDEN', scope, retryable: false, billed: false },
        },
      ],
    },
  });
  const GENERATE = 'mutation { generate(input: { type: VIDEO, input: { text: "x" } }) { id } }';

  it('bound what it may do, and the refusal names the scope', async () => {
    const READ = '{ generation(id: "x") { id } }';
    const asReader = { headers: { authorization: keyWith('read') } };
    expect(await gateway.post(GENERATE, asReader)).toMatchObject(lacking('generate'));
    expect((await gateway.post(READ, asReader)).status).toBe(200);
    const asMaker = { headers: { authorization: keyWith('generate') } };
    expect((await gateway.post(GENERATE, asMaker)).status).toBe(200);
    expect(await gateway.post(READ, asMaker)).toMatchObject(lacking('read'));
  });

  it('are needed for every field of the schema’s roots', async () => {
    const { body } = await gateway.post(getIntrospectionQuery());
    const schema = buildClientSchema(body.data);
    const authorization = keyWith();
    const roots: [string, GraphQLObjectType | null | undefined][] = [
      ['query', schema.getQueryType()],
      ['mutation', schema.getMutationType()],
    ];
    const fields = roots.flatMap(([kind, type]) =>
      Object.keys(type?.getFields() ?? {}).map((name) => `${kind} { ${name} }`),
    );
    expect(fields.length).toBeGreaterThan(10);
    for (const document of fields) {
      const { status, body: refusal } = await gateway.post(document, { headers: { authorization } });
      expect([document, status, refusal.errors[0].extensions.code]).toEqual([document, 403, 'FORBIDDEN']);
    }
  });

  it('hold for fields in fragments, and an operation that lacks one of its scopes does nothing at all', async () => {
    const authorization = keyWith('read');
    const document = `mutation { ...Two } fragment Two on Mutation { ... on Mutation { again: cancelGeneration(id: "x") } }`;
    expect(await gateway.post(document, { headers: { authorization } })).toMatchObject(lacking('generate'));
    expect(gateway.asked(generations.cancel)).toEqual([]);
  });

  it('hold for subscriptions', async () => {
    const authorization = keyWith('generate', 'webhooks', 'billing');
    const query = 'subscription { generationUpdated(id: "x") { id } }';
    const { ended, stop } = subscribe(gateway.url, { query }, { connectionParams: { authorization } });
    expect(await ended).toMatchObject([{ extensions: { code: 'FORBIDDEN', scope: 'read' } }]);
    stop();
  });
});
