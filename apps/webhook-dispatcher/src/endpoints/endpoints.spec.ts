import { type WebhookEvent, webhookEventTypes, webhooks } from '@doitong/contracts';
import { eventually, type Received, type Receiver, startReceiver, waitFor } from '@doitong/support';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Webhook } from 'standardwebhooks';
import { Webhook as Svix } from 'svix';
import { type Dispatcher, signedHeaders, startDispatcher } from '../__fixtures__/dispatcher.js';
import { event, newAccountId } from '../__fixtures__/events.js';

const ENDED = ['generation.completed', 'generation.failed', 'generation.cancelled'];

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

/** Somebody does, in this database, who has an event to deliver. */
const WAITS_FOR_LOCK = `SELECT FROM pg_stat_activity
  WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%INSERT INTO events%'`;

const list = async (account = accountId) =>
  (await own.ask(webhooks.endpoints, { accountId: account, mode: 'test' })).endpoints;
const update = (id: string, change: object) =>
  own.ask(webhooks.endpointUpdate, { accountId, mode: 'test', id, ...change });
/** So many, each of them once: a delivery may come again. */
const received = (count: number) =>
  eventually(() => {
    const nameOf = ({ path, headers }: Received) => `${path} ${headers['webhook-id']}`;
    const different = [...new Map(receiver.requests.map((request) => [nameOf(request), request])).values()];
    return different.length === count && different;
  });
/** An event happens; how the receiver is told of it. */
async function told(changes: Partial<WebhookEvent> = {}): Promise<Received> {
  const happened = await own.happens(accountId, changes);
  await own.ended(accountId, happened, 'DELIVERED');
  return receiver.requests.find(({ headers }) => headers['webhook-id'] === happened.id)!;
}

describe('an endpoint', () => {
  it('is told of every generation that ends, signed with its own secret, which is told once', async () => {
    const { secret, endpoint } = await own.create(accountId, receiver.url);
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect(endpoint).toMatchObject({ url: receiver.url, events: ENDED, paused: false, disabledBecause: null });
    expect(await list()).toEqual([endpoint]);
    const happened = await own.happens(accountId);
    await own.ended(accountId, happened, 'DELIVERED');
    const [request] = receiver.requests;
    for (const verifier of [new Webhook(secret), new Svix(secret)]) {
      expect(verifier.verify(request!.body, signedHeaders(request!))).toMatchObject({
        type: 'generation.completed',
        data: { id: happened.data.id, version: happened.data.version },
      });
      expect(() => verifier.verify(request!.body.replace('COMPLETED', 'completed'), signedHeaders(request!))).toThrow();
    }
  });

  it('is told besides the webhookUrl of a request, each by a delivery of its own with one webhook-id', async () => {
    await own.create(accountId, `${receiver.url}/one`);
    await own.create(accountId, `${receiver.url}/two`);
    const { id } = await own.happens(accountId, { url: `${receiver.url}/asked` });
    const requests = await received(3);
    expect(requests.map(({ path }) => path).sort()).toEqual(['/asked', '/one', '/two']);
    expect(new Set(requests.map(({ headers }) => headers['webhook-id']))).toEqual(new Set([id]));
    expect(new Set(requests.map(({ headers }) => headers['webhook-signature'])).size).toBe(3);
  });

  it('is told of nothing that it did not ask for, nor of what other accounts do', async () => {
    await own.create(accountId, `${receiver.url}/all`, { events: webhookEventTypes });
    await own.create(accountId, `${receiver.url}/failed`, { events: ['generation.failed'] });
    const other = newAccountId();
    await own.create(other, `${receiver.url}/other`);
    for (const type of webhookEventTypes) await own.happens(accountId, { type });
    const requests = await received(5);
    expect(requests.map(({ path, body }) => `${path} ${JSON.parse(body).type}`).sort()).toEqual(
      [...webhookEventTypes.map((type) => `/all ${type}`), '/failed generation.failed'].sort(),
    );
    expect(await own.deliveries(accountId)).toHaveLength(5);
    expect(await own.deliveries(other)).toEqual([]);
  });

  it('that is paused is told later, all of it', async () => {
    const { endpoint } = await own.create(accountId, receiver.url);
    expect(await update(endpoint.id, { paused: true })).toMatchObject({ paused: true });
    const events = [await own.happens(accountId), await own.happens(accountId)];
    await own.happens(accountId, { url: `${receiver.url}/asked` });
    expect(await received(1)).toMatchObject([{ path: '/asked' }]);
    expect(await own.deliveries(accountId, { endpointId: endpoint.id })).toMatchObject(
      Array(3).fill({ status: 'PENDING', nextAttemptAt: null, attempts: [] }),
    );
    await update(endpoint.id, { paused: false });
    for (const each of events) await own.ended(accountId, each, 'DELIVERED');
  });

  it('with another URL or other events gets what is still due at the new one', async () => {
    const { endpoint } = await own.create(accountId, 'http://127.0.0.1:1/');
    await update(endpoint.id, { paused: true });
    const happened = await own.happens(accountId);
    await update(endpoint.id, { url: `${receiver.url}/new`, events: ['generation.failed'], paused: false });
    await own.ended(accountId, happened, 'DELIVERED');
    await own.happens(accountId);
    expect(await list()).toMatchObject([{ url: `${receiver.url}/new`, events: ['generation.failed'] }]);
    expect(await own.deliveries(accountId)).toHaveLength(1);
  });

  it('that is deleted is told nothing more, and what it was to be told is a dead letter', async () => {
    const { endpoint } = await own.create(accountId, receiver.url);
    await update(endpoint.id, { paused: true });
    const waiting = await own.happens(accountId);
    await own.ask(webhooks.endpointDelete, { accountId, mode: 'test', id: endpoint.id });
    expect(await list()).toEqual([]);
    await own.ended(accountId, waiting, 'DEAD');
    await own.happens(accountId);
    expect(await own.deliveries(accountId)).toHaveLength(1);
    expect(await own.sql('SELECT FROM secrets WHERE owner_id = $1', [endpoint.id])).toEqual([]);
    const again = own.ask(webhooks.redeliver, {
      accountId,
      mode: 'test',
      id: (await own.deliveries(accountId))[0]!.id,
    });
    await expect(again).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  });

  it.each([
    ['a private address', 'http://10.0.0.1/'],
    ['the metadata of a cloud', 'http://169.254.169.254/latest'],
    ['credentials', 'http://user:word@example.com/'],
    ['another scheme', 'ftp://example.com/'],
    ['no URL', 'example'],
    ['a line break', 'https://example.com/hook\n'],
    ['a tab within', 'https://example.com/\thook'],
    ['a blank before it', ' https://example.com/hook'],
    ['a control character', 'https://example.com/\u007f'],
  ])('is refused with %s', async (_what, url) => {
    await expect(own.create(accountId, url)).rejects.toMatchObject({ code: 'INVALID_INPUT', body: { field: 'url' } });
    const { endpoint } = await own.create(accountId, receiver.url);
    await expect(update(endpoint.id, { url })).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    expect(await list()).toEqual([endpoint]);
  });

  it('is one of at most twenty, also when many are created at the same time', async () => {
    const outcomes = await Promise.allSettled(Array.from({ length: 30 }, () => own.create(accountId, receiver.url)));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(20);
    await expect(own.create(accountId, receiver.url)).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    expect(await list()).toHaveLength(20);
  });

  it.each([
    ['deleted', 'DELETE FROM endpoints WHERE id = $1'],
    ['disabled', `UPDATE endpoints SET disabled_because = 'GONE' WHERE id = $1`],
  ])(
    'that is %s in the very moment of an event leaves a dead letter, and nothing that waits for ever',
    async (_how, end) => {
      const { endpoint } = await own.create(accountId, receiver.url);
      const meanwhile = await own.pool.connect();
      try {
        await meanwhile.query('BEGIN');
        await meanwhile.query(end, [endpoint.id]);
        const happening = own.happens(accountId);
        await eventually(async () => (await own.sql(WAITS_FOR_LOCK, [])).length > 0);
        await meanwhile.query('COMMIT');
        expect(await own.ended(accountId, await happening, 'DEAD')).toMatchObject({ attempts: [] });
      } finally {
        meanwhile.release();
      }
      expect(receiver.requests).toEqual([]);
    },
  );

  it('of another account is not found', async () => {
    const { endpoint } = await own.create(newAccountId(), receiver.url);
    const notFound = { code: 'NOT_FOUND' };
    await expect(update(endpoint.id, { paused: true })).rejects.toMatchObject(notFound);
    for (const message of [webhooks.endpointDelete, webhooks.endpointRotateSecret, webhooks.testEvent]) {
      await expect(own.ask(message, { accountId, mode: 'test', id: endpoint.id })).rejects.toMatchObject(notFound);
    }
  });
});

describe('a secret that is rotated', () => {
  it('signs beside the new one until the overlap of a day is over', async () => {
    const { secret: old, endpoint } = await own.create(accountId, receiver.url);
    const { secret } = await own.ask(webhooks.endpointRotateSecret, { accountId, mode: 'test', id: endpoint.id });
    expect(secret).not.toBe(old);
    const request = await told();
    expect(String(request.headers['webhook-signature']).split(' ')).toEqual([
      expect.stringMatching(/^v1,/),
      expect.stringMatching(/^v1,/),
    ]);
    for (const each of [old, secret]) {
      for (const verifier of [new Webhook(each), new Svix(each)]) {
        expect(() => verifier.verify(request.body, signedHeaders(request))).not.toThrow();
      }
    }
    const [{ hours }] = (await own.sql<{ hours: number }>(
      'SELECT round(extract(epoch FROM expires_at - now()) / 3600)::integer AS hours FROM secrets WHERE secret = $1',
      [old],
    )) as [{ hours: number }];
    expect(hours).toBe(24);

    await own.sql('UPDATE secrets SET expires_at = now() WHERE secret = $1', [old]);
    const later = await told();
    expect(() => new Webhook(old).verify(later.body, signedHeaders(later))).toThrow();
    expect(() => new Webhook(secret).verify(later.body, signedHeaders(later))).not.toThrow();
  });

  it('without an overlap signs no more, nor do those before it', async () => {
    const { endpoint } = await own.create(accountId, receiver.url);
    const rotate = (overlapSeconds?: number) =>
      own.ask(webhooks.endpointRotateSecret, { accountId, mode: 'test', id: endpoint.id, overlapSeconds });
    for (let n = 2; n <= 5; n++) await rotate();
    await expect(rotate()).rejects.toMatchObject({ code: 'INVALID_INPUT', body: { field: 'overlapSeconds' } });
    const { secret } = await rotate(0);
    const request = await told();
    expect(String(request.headers['webhook-signature']).split(' ')).toHaveLength(1);
    expect(() => new Webhook(secret).verify(request.body, signedHeaders(request))).not.toThrow();
  });

  it('is one by one, also when many are asked for at the same time', async () => {
    const { endpoint } = await own.create(accountId, receiver.url);
    const rotate = () => own.ask(webhooks.endpointRotateSecret, { accountId, mode: 'test', id: endpoint.id });
    const outcomes = await Promise.allSettled(Array.from({ length: 8 }, rotate));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(4);
    const newest = await own.sql('SELECT FROM secrets WHERE owner_id = $1 AND expires_at IS NULL', [endpoint.id]);
    expect(newest).toHaveLength(1);
  });

  it('may be the default of the account, which signs what goes to a webhookUrl', async () => {
    const { secret } = await own.ask(webhooks.defaultSecretRotate, { accountId, mode: 'test' });
    const first = await told({ url: receiver.url });
    expect(() => new Webhook(secret).verify(first.body, signedHeaders(first))).not.toThrow();
    const rotated = await own.ask(webhooks.defaultSecretRotate, { accountId, mode: 'test', overlapSeconds: 0 });
    const second = await told({ url: receiver.url });
    expect(() => new Webhook(rotated.secret).verify(second.body, signedHeaders(second))).not.toThrow();
    expect(() => new Webhook(secret).verify(second.body, signedHeaders(second))).toThrow();
  });
});

describe('an endpoint is disabled', () => {
  const failing = (id: string) =>
    own.sql(`UPDATE destinations SET failing_since = now() - interval '6 days', failed_at = now() WHERE target = $1`, [
      id,
    ]);

  it('by 410 Gone, and says so; what it was to be told are dead letters, as is what comes after', async () => {
    receiver.answerNext({ status: 410 });
    const { endpoint } = await own.create(accountId, receiver.url);
    await update(endpoint.id, { paused: true });
    const items = Array.from({ length: 20 }, () => event(null, accountId));
    await own.ask(webhooks.enqueue, { items });
    receiver.answer({ status: 410 });
    await update(endpoint.id, { paused: false });
    await waitFor(async () => {
      expect(await list()).toMatchObject([{ disabledBecause: 'GONE', disabledAt: expect.any(String) }]);
      expect(await own.deliveries(accountId, { status: ['DEAD'] })).toHaveLength(20);
    });
    const later = await own.happens(accountId);
    expect(await own.ended(accountId, later, 'DEAD')).toMatchObject({ attempts: [] });
    // As many as may be under way there at once: each keeps its place until the endpoint is disabled.
    expect(receiver.requests.length).toBeLessThanOrEqual(8);
    await expect(own.ask(webhooks.testEvent, { accountId, mode: 'test', id: endpoint.id })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
    });
  });

  it('by five days of nothing but failures, and says so', async () => {
    receiver.answer({ status: 500 });
    const { endpoint } = await own.create(accountId, receiver.url);
    await failing(endpoint.id);
    const happened = await own.happens(accountId);
    await own.ended(accountId, happened, 'DEAD');
    await waitFor(async () => expect(await list()).toMatchObject([{ disabledBecause: 'FAILING' }]));
    // It was not given up for its tries.
    expect((await own.deliveries(accountId))[0]!.attempts.length).toBeLessThan(10);
  });

  it('no more once it is enabled: what it missed can be redelivered', async () => {
    receiver.answer({ status: 410 });
    const { endpoint } = await own.create(accountId, receiver.url);
    const missed = [await own.happens(accountId)];
    await waitFor(async () => expect(await list()).toMatchObject([{ disabledBecause: 'GONE' }]));
    missed.push(await own.happens(accountId));
    receiver.answer({ status: 200 });
    expect(await update(endpoint.id, { disabled: false })).toMatchObject({ disabledBecause: null, disabledAt: null });
    const request = {
      accountId,
      mode: 'test' as const,
      since: new Date(Date.now() - 3_600_000).toISOString(),
      includeDelivered: false,
    };
    expect(await own.ask(webhooks.redeliverSince, request)).toEqual({ count: 2 });
    for (const each of missed) await own.ended(accountId, each, 'DELIVERED');
  });
});
