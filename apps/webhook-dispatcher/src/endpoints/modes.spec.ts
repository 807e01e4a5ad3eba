import { admin, type Mode, type WebhookEvent, webhooks } from '@doitong/contracts';
import { type Receiver, startReceiver, waitFor } from '@doitong/support';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { Webhook } from 'standardwebhooks';
import { type Dispatcher, signedHeaders, startDispatcher } from '../__fixtures__/dispatcher.js';
import { event, newAccountId } from '../__fixtures__/events.js';

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

const notFound = { code: 'NOT_FOUND' };
const create = (mode: Mode) => own.ask(webhooks.endpointCreate, { accountId, mode, url: `${receiver.url}/${mode}` });
const list = async (mode: Mode) =>
  (await own.ask(webhooks.endpoints, { accountId, mode })).endpoints.map(({ id }) => id);
const deliveries = async (mode: Mode) =>
  (await own.ask(webhooks.deliveries, { accountId, mode, filter: {}, first: 100 })).deliveries;
/** A generation of a key of this mode ends. */
async function ends(mode: Mode, url: string | null = null): Promise<WebhookEvent> {
  const { data, ...rest } = event(url, accountId);
  const happened = { ...rest, data: { ...data, mode } };
  await own.ask(webhooks.enqueue, { items: [happened] });
  return happened;
}
const received = () => receiver.requests.map(({ path }) => path).sort();

it('an endpoint is told of the generations of its own mode, and of no others', async () => {
  await create('live');
  await create('test');
  await ends('live');
  await waitFor(() => expect(received()).toEqual(['/live']));
  await ends('test');
  await waitFor(() => expect(received()).toEqual(['/live', '/test']));
  for (const mode of ['live', 'test'] as const) expect(await deliveries(mode)).toMatchObject([{ mode }]);
});

it.each([
  ['live', 'test'],
  ['test', 'live'],
] as const)(
  '%s keys neither see nor change nor redeliver what %s keys have, nor learn a secret of theirs',
  async (of, other) => {
    const { endpoint } = await create(other);
    await ends(other);
    await waitFor(async () => expect(await deliveries(other)).toMatchObject([{ status: 'DELIVERED' }]));
    const [delivery] = await deliveries(other);
    expect([await list(of), await deliveries(of)]).toEqual([[], []]);
    const asked = { accountId, mode: of, id: endpoint.id };
    for (const message of [
      webhooks.endpointUpdate,
      webhooks.endpointRotateSecret,
      webhooks.testEvent,
      webhooks.endpointDelete,
    ]) {
      await expect(own.ask(message, asked)).rejects.toMatchObject(notFound);
    }
    await expect(own.ask(webhooks.redeliver, { ...asked, id: delivery!.id })).rejects.toMatchObject(notFound);
    const since = '2020-01-01T00:00:00.000Z';
    const all = { accountId, mode: of, since, includeDelivered: true };
    expect(await own.ask(webhooks.redeliverSince, all)).toEqual({ count: 0 });
    expect(await list(other)).toEqual([endpoint.id]);
  },
);

it('a default secret is of one mode: a test key that rotates it changes nothing of what live keys are signed with', async () => {
  const rotate = async (mode: Mode) =>
    (await own.ask(webhooks.defaultSecretRotate, { accountId, mode, overlapSeconds: 0 })).secret;
  const secrets = { live: await rotate('live'), test: await rotate('test') };
  for (const mode of ['live', 'test'] as const) await ends(mode, `${receiver.url}/asked/${mode}`);
  await waitFor(() => expect(received()).toEqual(['/asked/live', '/asked/test']));
  for (const request of receiver.requests) {
    const mode = request.path.endsWith('live') ? 'live' : 'test';
    const other = mode === 'live' ? 'test' : 'live';
    new Webhook(secrets[mode]).verify(request.body, signedHeaders(request));
    expect(() => new Webhook(secrets[other]).verify(request.body, signedHeaders(request))).toThrow();
  }
});

it('as many endpoints as an account may have of one mode leave room for those of the other', async () => {
  for (let n = 0; n < 20; n++) await create('test');
  await expect(create('test')).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  expect((await create('live')).endpoint).toMatchObject({ mode: 'live' });
});

it('a host that is dead to test keys is not so to live keys', async () => {
  await ends('test', `${receiver.url}/a`);
  await ends('live', `${receiver.url}/b`);
  await waitFor(() => expect(received()).toEqual(['/a', '/b']));
  const rows = await own.sql<{ target: string }>('SELECT target FROM deliveries WHERE account_id = $1', [accountId]);
  const { host } = new URL(receiver.url);
  expect(rows.map(({ target }) => target).sort()).toEqual([host, `test/${host}`].sort());
});

it('operators see the endpoints of both modes, and make those of the mode that they say', async () => {
  const made = await own.ask(admin.webhook.create, { accountId, mode: 'test', url: receiver.url });
  const live = await create('live');
  const { endpoints } = await own.ask(admin.webhook.list, { accountId });
  expect(endpoints.map(({ id, mode }) => [id, mode])).toEqual([
    [made.endpoint.id, 'test'],
    [live.endpoint.id, 'live'],
  ]);
  expect(await own.ask(admin.webhook.update, { id: made.endpoint.id, paused: true })).toMatchObject({ paused: true });
});
