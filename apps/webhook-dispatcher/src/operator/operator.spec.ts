import { admin, type RequestOf, webhooks } from '@doitong/contracts';
import { withContext } from '@doitong/service-kit';
import { eventually, type Receiver, startReceiver } from '@doitong/support';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Webhook } from 'standardwebhooks';
import { type Dispatcher, signedHeaders, startDispatcher } from '../__fixtures__/dispatcher.js';
import { newAccountId } from '../__fixtures__/events.js';

let own: Dispatcher;
let receiver: Receiver;
let accountId: string;
beforeAll(async () => {
  own = await startDispatcher();
});
afterAll(() => own?.stop());
beforeEach(async () => {
  receiver = await startReceiver();
  accountId = newAccountId();
});
afterEach(() => receiver.stop());

const auditOf = async (filter: Partial<RequestOf<typeof admin.webhooksAudit>> = { accountId }) =>
  (await own.ask(admin.webhooksAudit, { first: 10, ...filter })).entries;
const create = () => own.ask(admin.webhook.create, { accountId, mode: 'test', url: receiver.url });
const notFound = { code: 'NOT_FOUND', body: { field: 'id' } };

describe('an operator', () => {
  it('creates, lists, changes and deletes endpoints of any account; who, what, before and after is audited, and no secret', async () => {
    const { secret, endpoint } = await withContext({ requestId: 'r', actor: 'ada' }, create);
    expect((await own.ask(admin.webhook.list, { accountId })).endpoints).toEqual([endpoint]);
    const paused = await own.ask(admin.webhook.update, { id: endpoint.id, paused: true });
    expect(paused).toEqual({ ...endpoint, paused: true });
    expect(await own.ask(admin.webhook.delete, { id: endpoint.id })).toEqual(paused);
    expect((await own.ask(admin.webhook.list, { accountId })).endpoints).toEqual([]);

    const target = endpoint.id;
    const audit = await auditOf();
    expect(audit).toMatchObject([
      { actor: 'admin', action: 'webhook.delete', target, accountId, before: paused, after: null },
      { actor: 'admin', action: 'webhook.update', target, accountId, before: endpoint, after: paused },
      { actor: 'ada', action: 'webhook.create', target, accountId, before: null, after: endpoint },
    ]);
    expect(JSON.stringify(audit)).not.toContain(secret.slice('whsec_'.length));
    expect(await auditOf({ target })).toEqual(audit);
  });

  it('gives an endpoint, and an account, a new secret, beside which the old one signs for as long as wanted', async () => {
    const { secret: old, endpoint } = await create();
    const { secret } = await own.ask(admin.webhook.rotateSecret, { id: endpoint.id, overlapSeconds: 0 });
    await own.ended(accountId, await own.happens(accountId), 'DELIVERED');
    const [request] = receiver.requests;
    expect(() => new Webhook(secret).verify(request!.body, signedHeaders(request!))).not.toThrow();
    expect(() => new Webhook(old).verify(request!.body, signedHeaders(request!))).toThrow();

    const rotated = await own.ask(admin.webhook.rotateDefaultSecret, { accountId, mode: 'test' });
    expect(rotated.secret).toMatch(/^whsec_/);
    const audit = (await auditOf()).slice(0, 2);
    expect(audit).toMatchObject([
      { action: 'webhook.rotate-default-secret', target: accountId, after: { mode: 'test', overlapSeconds: 86_400 } },
      { action: 'webhook.rotate-secret', target: endpoint.id, after: { overlapSeconds: 0 } },
    ]);
    for (const each of [old, secret, rotated.secret]) {
      expect(JSON.stringify(audit)).not.toContain(each.slice('whsec_'.length));
    }
  });

  it('sends test events, sees deliveries with their attempts, and has them delivered again', async () => {
    const { endpoint } = await create();
    const { id } = await own.ask(admin.webhook.test, { id: endpoint.id });
    await eventually(async () => (await own.ask(admin.webhook.delivery, { id })).status === 'DELIVERED');
    const { deliveries } = await own.ask(admin.webhook.deliveries, { accountId, mode: 'test', filter: {}, first: 10 });
    expect(deliveries).toMatchObject([{ id, eventType: 'webhook.test', attempts: [{ number: 1, status: 200 }] }]);

    expect(await own.ask(admin.webhook.redeliver, { id })).toMatchObject({ id });
    await eventually(() => receiver.requests.length >= 2);
    await eventually(async () => (await own.ask(admin.webhook.delivery, { id })).status === 'DELIVERED');
    const since = new Date(Date.now() - 3_600_000).toISOString();
    const all = { accountId, mode: 'test' as const, since, includeDelivered: true };
    expect(await own.ask(admin.webhook.redeliverSince, all)).toEqual({ count: 1 });
    await eventually(() => receiver.requests.length >= 3);
    expect(await auditOf()).toMatchObject([
      { action: 'webhook.redeliver-since', target: accountId, after: { since, includeDelivered: true, count: 1 } },
      { action: 'webhook.redeliver', target: id, before: { status: 'DELIVERED' }, after: { status: 'PENDING' } },
      { action: 'webhook.test', target: endpoint.id, after: { deliveryId: id } },
      { action: 'webhook.create' },
    ]);
  });

  it('is refused what an account holder is, and nothing of that is audited', async () => {
    const { endpoint } = await create();
    await own.ask(admin.webhook.update, { id: endpoint.id, paused: true });
    const before = await auditOf();
    const invalid = { code: 'INVALID_INPUT' };
    const url = 'http://169.254.169.254/';
    await expect(own.ask(admin.webhook.create, { accountId, mode: 'test', url })).rejects.toMatchObject(invalid);
    await expect(own.ask(admin.webhook.update, { id: endpoint.id, url })).rejects.toMatchObject(invalid);
    await expect(own.ask(admin.webhook.test, { id: endpoint.id })).rejects.toMatchObject(invalid);
    const unknown = { id: `whk_${'0'.repeat(32)}` };
    const { update, delete: remove, rotateSecret, test } = admin.webhook;
    for (const message of [update, remove, rotateSecret, test]) {
      await expect(own.ask(message, unknown)).rejects.toMatchObject(notFound);
    }
    for (const message of [admin.webhook.delivery, admin.webhook.redeliver]) {
      await expect(own.ask(message, unknown)).rejects.toMatchObject(notFound);
    }
    expect(await auditOf()).toEqual(before);
  });
});

it('what account holders do themselves is not the operators’, and is not in their audit', async () => {
  const { endpoint } = await own.create(accountId, receiver.url);
  const asked = { accountId, mode: 'test' as const, id: endpoint.id };
  await own.ask(webhooks.endpointUpdate, { ...asked, events: ['generation.failed'] });
  await own.ask(webhooks.endpointRotateSecret, asked);
  const { id } = await own.ask(webhooks.testEvent, asked);
  await own.ask(webhooks.redeliver, { accountId, mode: 'test', id });
  await own.ask(webhooks.endpointDelete, asked);
  expect(await auditOf()).toEqual([]);
});
