import { webhooks } from '@doitong/contracts';
import { eventually, type Receiver, startReceiver } from '@doitong/support';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type Dispatcher, startDispatcher } from '../__fixtures__/dispatcher.js';
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

const webhookIds = () => new Set(receiver.requests.map(({ headers }) => headers['webhook-id']));
const anHourAgo = () => new Date(Date.now() - 3_600_000).toISOString();

describe('a delivery', () => {
  it('tells of every attempt the status, the latency, and the first 1 kB of the answer', async () => {
    receiver.answerNext({ status: 500, body: 'x'.repeat(3_000), delayMs: 100 }, { status: 302, body: 'elsewhere' });
    const { endpoint } = await own.create(accountId, `${receiver.url}/hook`);
    const happened = await own.happens(accountId);
    expect(await own.ended(accountId, happened, 'DELIVERED')).toEqual({
      id: expect.stringMatching(/^dlv_[0-9a-f]{32}$/),
      mode: 'test',
      eventId: happened.id,
      eventType: 'generation.completed',
      generationId: happened.data.id,
      endpointId: endpoint.id,
      url: `${receiver.url}/hook`,
      status: 'DELIVERED',
      createdAt: expect.any(String),
      nextAttemptAt: null,
      attempts: [
        {
          number: 1,
          at: expect.any(String),
          status: 500,
          latencyMs: expect.any(Number),
          error: null,
          answer: 'x'.repeat(1_024),
        },
        {
          number: 2,
          at: expect.any(String),
          status: 302,
          latencyMs: expect.any(Number),
          error: null,
          answer: 'elsewhere',
        },
        { number: 3, at: expect.any(String), status: 200, latencyMs: expect.any(Number), error: null, answer: '' },
      ],
    });
    const [first] = (await own.deliveries(accountId))[0]!.attempts;
    expect(first!.latencyMs).toBeGreaterThanOrEqual(50);
  });

  it('that has no answer says why, and nothing of our network', async () => {
    const happened = await own.happens(accountId, { url: 'http://127.0.0.1:1/' });
    const { attempts, endpointId } = await own.ended(accountId, happened, 'DEAD');
    expect(endpointId).toBeNull();
    expect(attempts).toHaveLength(10);
    expect(attempts[0]).toMatchObject({ status: null, answer: null, error: 'No answer: ECONNREFUSED.' });
  });

  it('is listed newest first, page by page, by status, endpoint, generation and time, for its own account only', async () => {
    const { endpoint } = await own.create(accountId, receiver.url);
    const events = [];
    for (let n = 0; n < 5; n++)
      events.push(await own.happens(accountId, n === 2 ? { url: 'http://127.0.0.1:1/' } : {}));
    for (const each of events) await own.ended(accountId, each, 'DELIVERED');
    await own.ended(accountId, events[2]!, 'DEAD');
    const older = events.slice(0, 3).map(({ id }) => id);
    await own.sql(
      `UPDATE deliveries SET created_at = created_at - interval '1 minute' WHERE event_id = ANY($1::text[])`,
      [older],
    );
    const all = await own.deliveries(accountId);
    expect(all.map(({ id }) => id)).toEqual(
      all
        .map(({ id }) => id)
        .sort()
        .reverse(),
    );
    expect(all).toHaveLength(6);

    const page = (after?: string) =>
      own.ask(webhooks.deliveries, { accountId, mode: 'test', filter: {}, first: 4, after });
    const first = await page();
    const second = await page(first.deliveries.at(-1)!.id);
    expect([...first.deliveries, ...second.deliveries]).toEqual(all);
    expect([first.more, second.more]).toEqual([true, false]);

    expect(await own.deliveries(accountId, { status: ['DEAD'] })).toMatchObject([{ endpointId: null }]);
    expect(await own.deliveries(accountId, { endpointId: endpoint.id })).toHaveLength(5);
    expect(await own.deliveries(accountId, { generationId: events[2]!.data.id })).toHaveLength(2);
    expect(await own.deliveries(accountId, { since: all[1]!.createdAt })).toEqual(all.slice(0, 2));
    expect(await own.deliveries(newAccountId())).toEqual([]);
  });

  it('fits into a reply with whatever was answered', async () => {
    receiver.answer({ status: 500, body: '\u0001'.repeat(2_000) });
    const items = Array.from({ length: 30 }, () => event(receiver.url, accountId));
    await own.ask(webhooks.enqueue, { items });
    await eventually(
      async () =>
        (await own.sql(`SELECT FROM deliveries WHERE account_id = $1 AND status = 'DEAD'`, [accountId])).length === 30,
      { timeoutMs: 90_000 },
    );
    const { deliveries, more } = await own.ask(webhooks.deliveries, {
      accountId,
      mode: 'test',
      filter: {},
      first: 100,
    });
    expect(deliveries.length).toBeGreaterThan(5);
    expect(deliveries.length).toBeLessThan(30);
    expect(more).toBe(true);
  }, 120_000);
});

describe('a redelivery', () => {
  const dies = async () => {
    receiver.answer({ status: 500 });
    const happened = await own.happens(accountId, { url: receiver.url });
    const delivery = await own.ended(accountId, happened, 'DEAD');
    receiver.answer({ status: 200 });
    return { happened, delivery };
  };

  it('brings a dead letter with the webhook-id that it had, by a schedule that begins anew', async () => {
    const { happened, delivery } = await dies();
    receiver.requests.length = 0;
    receiver.answerNext({ status: 500 }, { status: 500 });
    expect(await own.ask(webhooks.redeliver, { accountId, mode: 'test', id: delivery.id })).toMatchObject({
      id: delivery.id,
    });
    const { attempts } = await own.ended(accountId, happened, 'DELIVERED');
    expect(attempts.map(({ number, status }) => [number, status]).slice(-4)).toEqual([
      [10, 500],
      [11, 500],
      [12, 500],
      [13, 200],
    ]);
    expect(webhookIds()).toEqual(new Set([happened.id]));
  });

  it('ends in a dead letter after ten more tries', async () => {
    const { happened, delivery } = await dies();
    receiver.answer({ status: 500 });
    await own.ask(webhooks.redeliver, { accountId, mode: 'test', id: delivery.id });
    expect((await own.ended(accountId, happened, 'DEAD')).attempts).toHaveLength(20);
  });

  it('brings once more what was delivered', async () => {
    const happened = await own.happens(accountId, { url: receiver.url });
    const { id } = await own.ended(accountId, happened, 'DELIVERED');
    await own.ask(webhooks.redeliver, { accountId, mode: 'test', id });
    const { attempts } = await own.ended(accountId, happened, 'DELIVERED');
    expect(attempts.length).toBeGreaterThanOrEqual(2);
    expect(receiver.requests.length).toBeGreaterThanOrEqual(2);
    expect(webhookIds()).toEqual(new Set([happened.id]));
  });

  it('of all since a time takes dead letters, delivered ones only if asked for, and none that is older', async () => {
    const { happened } = await dies();
    const older = await dies();
    const delivered = await own.happens(accountId, { url: receiver.url });
    await own.ended(accountId, delivered, 'DELIVERED');
    await own.sql(`UPDATE deliveries SET created_at = now() - interval '2 hours' WHERE id = $1`, [older.delivery.id]);
    receiver.requests.length = 0;
    const ask = (includeDelivered: boolean) =>
      own.ask(webhooks.redeliverSince, { accountId, mode: 'test', since: anHourAgo(), includeDelivered });
    expect(await ask(false)).toEqual({ count: 1 });
    await own.ended(accountId, happened, 'DELIVERED');
    expect(await ask(true)).toEqual({ count: 2 });
    for (const each of [happened, delivered]) await own.ended(accountId, each, 'DELIVERED');
    expect(receiver.requests.length).toBeGreaterThanOrEqual(3);
    expect(webhookIds()).toEqual(new Set([happened.id, delivered.id]));
    await own.ended(accountId, older.happened, 'DEAD');
    const others = await own.ask(webhooks.redeliverSince, {
      accountId: newAccountId(),
      mode: 'test',
      since: anHourAgo(),
      includeDelivered: true,
    });
    expect(others).toEqual({ count: 0 });
  });

  it('of another account’s delivery finds none', async () => {
    const { delivery } = await dies();
    const asked = own.ask(webhooks.redeliver, { accountId: newAccountId(), mode: 'test', id: delivery.id });
    await expect(asked).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

it('a test event is sent at once, whatever the endpoint asks for, and can be told from a true one', async () => {
  const { endpoint } = await own.create(accountId, receiver.url, { events: ['generation.failed'] });
  const sent = await own.ask(webhooks.testEvent, { accountId, mode: 'test', id: endpoint.id });
  expect(sent).toMatchObject({ eventType: 'webhook.test', endpointId: endpoint.id });
  await own.ended(accountId, { id: sent.eventId }, 'DELIVERED');
  expect(JSON.parse(receiver.requests[0]!.body)).toMatchObject({
    type: 'webhook.test',
    data: { id: `gen_${'0'.repeat(32)}`, version: 1 },
  });
});
