import { billing, type Delivery, DoitongError, type WebhookEndpoint, webhooks } from '@doitong/contracts';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type Gateway, startGateway } from '../__fixtures__/gateway.js';
import { aPrincipal } from '../__fixtures__/messages.js';

const { accountId, mode } = aPrincipal();
const ENDPOINT = 'id url events paused disabledBecause disabledAt createdAt';
const DELIVERY = `id eventId eventType generationId endpointId url status createdAt nextAttemptAt
  attempts { number at status latencyMs error answer }`;

const endpoint: WebhookEndpoint = {
  id: `whk_${'1'.repeat(32)}`,
  url: 'https://example.com/hook',
  events: ['generation.completed'],
  paused: false,
  disabledBecause: 'GONE',
  disabledAt: '2025-01-31T12:00:00.000Z',
  createdAt: '2025-01-30T12:00:00.000Z',
};
const delivery: Delivery = {
  id: `dlv_${'2'.repeat(32)}`,
  eventId: 'evt_1',
  eventType: 'generation.completed',
  generationId: 'gen_1',
  endpointId: endpoint.id,
  url: endpoint.url,
  status: 'PENDING',
  createdAt: '2025-01-31T12:00:00.000Z',
  nextAttemptAt: '2025-01-31T12:00:05.000Z',
  attempts: [
    { number: 1, at: '2025-01-31T12:00:00.000Z', status: 500, latencyMs: 12, error: null, answer: 'no' },
    { number: 2, at: '2025-01-31T12:00:05.000Z', status: null, latencyMs: 9, error: 'No answer.', answer: null },
  ],
};

let gateway: Gateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway?.stop());
beforeEach(() => {
  gateway.reset();
  gateway.answer(webhooks.endpoints, () => ({ endpoints: [endpoint] }));
  gateway.answer(webhooks.endpointCreate, () => ({ secret: 'whsec_x', endpoint }));
  gateway.answer(webhooks.endpointUpdate, () => endpoint);
  gateway.answer(webhooks.endpointDelete, () => ({}));
  gateway.answer(webhooks.endpointRotateSecret, () => ({ secret: 'whsec_y', endpoint }));
  gateway.answer(webhooks.defaultSecretRotate, () => ({ secret: 'whsec_z' }));
  gateway.answer(webhooks.deliveries, () => ({ deliveries: [delivery], more: true }));
  gateway.answer(webhooks.redeliver, () => delivery);
  gateway.answer(webhooks.redeliverSince, () => ({ count: 3 }));
  gateway.answer(webhooks.testEvent, () => delivery);
});

const ask = async (query: string, variables: Record<string, unknown> = {}) =>
  (await gateway.post(query, { variables })).body;
const refused = (field: string) => [{ extensions: { code: 'INVALID_INPUT', field } }];

describe('webhook endpoints', () => {
  it('are listed, created, changed, deleted and given new secrets for the key’s own account', async () => {
    expect(await ask(`{ webhookEndpoints { ${ENDPOINT} } }`)).toEqual({ data: { webhookEndpoints: [endpoint] } });
    const create = `mutation ($input: WebhookEndpointCreateInput!) {
      webhookEndpointCreate(input: $input) { secret endpoint { ${ENDPOINT} } } }`;
    const input = { url: endpoint.url, events: ['generation.failed', 'generation.completed'] };
    expect(await ask(create, { input })).toEqual({ data: { webhookEndpointCreate: { secret: 'whsec_x', endpoint } } });
    await ask(create, { input: { url: endpoint.url } });
    expect(gateway.asked(webhooks.endpointCreate).map(({ body }) => body)).toEqual([
      { accountId, mode, url: endpoint.url, events: ['generation.completed', 'generation.failed'] },
      { accountId, mode, url: endpoint.url },
    ]);

    const update = `mutation ($input: WebhookEndpointUpdateInput!) {
      webhookEndpointUpdate(id: "${endpoint.id}", input: $input) { ${ENDPOINT} } }`;
    const change = { paused: true, disabled: false, url: null };
    expect(await ask(update, { input: change })).toEqual({ data: { webhookEndpointUpdate: endpoint } });
    expect(gateway.asked(webhooks.endpointUpdate)[0]?.body).toEqual({
      accountId,
      mode,
      id: endpoint.id,
      paused: true,
      disabled: false,
    });

    expect(
      await ask(`mutation { webhookEndpointDelete(id: "${endpoint.id}")
        webhookEndpointRotateSecret(id: "${endpoint.id}", overlapSeconds: 60) { secret endpoint { id } }
        webhookDefaultSecretRotate { secret } }`),
    ).toEqual({
      data: {
        webhookEndpointDelete: true,
        webhookEndpointRotateSecret: { secret: 'whsec_y', endpoint: { id: endpoint.id } },
        webhookDefaultSecretRotate: { secret: 'whsec_z' },
      },
    });
    expect(gateway.asked(webhooks.endpointRotateSecret)[0]?.body).toEqual({
      accountId,
      mode,
      id: endpoint.id,
      overlapSeconds: 60,
    });
    expect(gateway.asked(webhooks.defaultSecretRotate)[0]?.body).toEqual({ accountId, mode });
  });

  it.each([
    ['an event that there is not', 'webhookEndpointCreate(input: { url: "x", events: ["generation.born"] })', 'events'],
    ['no events', 'webhookEndpointCreate(input: { url: "x", events: [] })', 'events'],
    ['a URL that is too long', `webhookEndpointCreate(input: { url: "${'x'.repeat(2_049)}" })`, 'url'],
    ['an overlap that is too long', 'webhookEndpointRotateSecret(id: "x", overlapSeconds: 604801)', 'overlapSeconds'],
    ['an overlap below nothing', 'webhookEndpointRotateSecret(id: "x", overlapSeconds: -1)', 'overlapSeconds'],
  ])('are refused with %s', async (_what, field, at) => {
    expect((await ask(`mutation { ${field} { secret } }`)).errors).toMatchObject(refused(at));
  });

  it('cannot be disabled by hand', async () => {
    const { errors } = await ask('mutation { webhookEndpointUpdate(id: "x", input: { disabled: true }) { id } }');
    expect(errors).toMatchObject(refused('disabled'));
  });

  it('are not found under ids that are no ids', async () => {
    const { errors } = await ask(`mutation { webhookEndpointDelete(id: "${'x'.repeat(101)}") }`);
    expect(errors).toMatchObject([{ extensions: { code: 'NOT_FOUND', field: 'id' } }]);
  });

  it('tell what the dispatcher refuses', async () => {
    gateway.answer(webhooks.endpointCreate, () => {
      throw new DoitongError('INVALID_INPUT', 'The URL does not lead to a public address.', { field: 'url' });
    });
    const { errors } = await ask('mutation { webhookEndpointCreate(input: { url: "http://10.0.0.1" }) { secret } }');
    expect(errors).toMatchObject([{ message: expect.stringContaining('public'), extensions: { field: 'url' } }]);
  });
});

describe('webhook deliveries', () => {
  it('are listed with every attempt, page by page', async () => {
    const list = `query ($filter: WebhookDeliveryFilter, $first: Int, $after: String) {
      webhookDeliveries(filter: $filter, first: $first, after: $after) {
        edges { node { ${DELIVERY} } } pageInfo { hasNextPage hasPreviousPage endCursor } } }`;
    const filter = { status: ['DEAD', 'DEAD'], endpointId: endpoint.id, since: '2025-01-31T13:00:00+01:00' };
    const { data } = await ask(list, { filter });
    const { endCursor } = data.webhookDeliveries.pageInfo;
    expect(data.webhookDeliveries).toEqual({
      edges: [{ node: delivery }],
      pageInfo: { hasNextPage: true, hasPreviousPage: false, endCursor: expect.any(String) },
    });
    await ask(list, { first: 5, after: endCursor });
    expect(gateway.asked(webhooks.deliveries).map(({ body }) => body)).toEqual([
      {
        accountId,
        mode,
        filter: { status: ['DEAD'], endpointId: endpoint.id, since: '2025-01-31T12:00:00.000Z' },
        first: 20,
      },
      { accountId, mode, filter: {}, first: 5, after: delivery.id },
    ]);
    expect((await ask(list, { first: 101 })).errors).toMatchObject(refused('first'));
    expect((await ask(list, { after: 'elsewhere' })).errors).toMatchObject(refused('after'));
  });

  it('are redelivered, one or all since a time, and test events sent', async () => {
    expect(
      await ask(`mutation { redeliverWebhook(id: "${delivery.id}") { ${DELIVERY} }
        redeliverWebhooks(since: "2025-01-31T12:00:00Z", endpointId: "${endpoint.id}")
        sendTestEvent(endpointId: "${endpoint.id}") { id } }`),
    ).toEqual({ data: { redeliverWebhook: delivery, redeliverWebhooks: 3, sendTestEvent: { id: delivery.id } } });
    expect(gateway.asked(webhooks.redeliver)[0]?.body).toEqual({ accountId, mode, id: delivery.id });
    expect(gateway.asked(webhooks.redeliverSince)[0]?.body).toEqual({
      accountId,
      mode,
      since: '2025-01-31T12:00:00.000Z',
      endpointId: endpoint.id,
      includeDelivered: false,
    });
    expect(gateway.asked(webhooks.testEvent)[0]?.body).toEqual({ accountId, mode, id: endpoint.id });
  });
});

it('a key without the scope `webhooks` is refused all of it', async () => {
  gateway.answer(billing.authenticate, () => aPrincipal({ scopes: ['generate', 'read', 'billing'] }));
  const headers = { authorization: `Bearer ${gateway.newKey()}` };
  for (const field of ['{ webhookEndpoints { id } }', 'mutation { sendTestEvent(endpointId: "x") { id } }']) {
    const { errors } = (await gateway.post(field, { headers })).body;
    expect(errors).toMatchObject([{ extensions: { code: 'FORBIDDEN', scope: 'webhooks' } }]);
  }
});
