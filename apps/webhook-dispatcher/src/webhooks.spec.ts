import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { AssetUrlSigner } from '@doitong/media';
import { eventually, type Receiver, type Service, startReceiver, waitFor } from '@doitong/support';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Webhook } from 'standardwebhooks';
import { signedHeaders } from './__fixtures__/dispatcher.js';
import { event, newAccountId } from './__fixtures__/events.js';
import { ASSET_URL_SECRET, openPlatform, type Platform, PUBLIC_URL } from './__fixtures__/platform.js';

const TIMEOUT_MS = 2_000;

let platform: Platform;
let service: Service;
let receiver: Receiver;

beforeAll(async () => {
  platform = await openPlatform();
  service = await platform.startDispatcher({ WEBHOOK_TIMEOUT_MS: String(TIMEOUT_MS) });
});
afterAll(async () => {
  await service?.kill();
  await platform?.close();
});
beforeEach(async () => {
  receiver = await startReceiver();
});
afterEach(async () => {
  await receiver.stop();
});

const webhookIds = () => receiver.requests.map(({ headers }) => headers['webhook-id']);

describe('a running dispatcher', () => {
  it('an event is delivered signed, verifiable with standardwebhooks', async () => {
    const completed = event(`${receiver.url}/hook?a=b`);
    await platform.enqueue(completed);
    const received = await eventually(() => receiver.requests[0]);
    const secret = await platform.secretOf(completed);
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    const body = new Webhook(secret).verify(received.body, signedHeaders(received)) as {
      data: { id: string; version: number; url: string };
    };
    expect(body).toMatchObject({ type: 'generation.completed', timestamp: completed.data.completedAt });
    expect(body.data).toMatchObject({ id: completed.data.id, version: completed.data.version });
    expect(received).toMatchObject({ method: 'POST', path: '/hook?a=b' });
    expect(received.headers).toMatchObject({ 'webhook-id': completed.id, 'content-type': 'application/json' });

    const url = new URL(body.data.url);
    const signer = new AssetUrlSigner({ baseUrl: PUBLIC_URL, secrets: [ASSET_URL_SECRET], ttlSeconds: 86_400 });
    const { expires, signature } = Object.fromEntries(url.searchParams);
    expect(url.origin).toBe(PUBLIC_URL);
    expect(signer.verify(completed.data.assetKey!, expires!, signature!)).toBe('valid');
    await platform.ended(completed, 'DELIVERED');
  });

  it('a changed byte, an old timestamp, another secret are refused', async () => {
    const completed = event(receiver.url);
    await platform.enqueue(completed);
    const received = await eventually(() => receiver.requests[0]);
    const headers = signedHeaders(received);
    const webhook = new Webhook(await platform.secretOf(completed));
    expect(() => webhook.verify(received.body, headers)).not.toThrow();

    expect(() => webhook.verify(received.body.replace('COMPLETED', 'completed'), headers)).toThrow('signature');
    expect(() => webhook.verify(received.body, { ...headers, 'webhook-id': 'evt_other' })).toThrow('signature');
    const old = String(Number(headers['webhook-timestamp']) - 3_600);
    expect(() => webhook.verify(received.body, { ...headers, 'webhook-timestamp': old })).toThrow('too old');
    const recent = String(Number(headers['webhook-timestamp']) - 1);
    expect(() => webhook.verify(received.body, { ...headers, 'webhook-timestamp': recent })).toThrow('signature');

    const another = event(receiver.url);
    await platform.enqueue(another);
    await platform.ended(another, 'DELIVERED');
    const other = new Webhook(await platform.secretOf(another));
    expect(() => other.verify(received.body, headers)).toThrow('signature');
  });

  it('the same event enqueued twice is delivered with one id', async () => {
    const completed = event(receiver.url);
    const accountId = completed.accountId;
    await Promise.all([
      platform.enqueue(completed, completed),
      platform.enqueue(completed),
      platform.enqueue(event(null), completed),
    ]);
    await platform.ended(completed, 'DELIVERED');
    await platform.enqueue(completed);
    const last = event(receiver.url, accountId);
    await platform.enqueue(last);
    await platform.ended(last, 'DELIVERED');
    expect(webhookIds().sort()).toEqual([completed.id, last.id].sort());
  });

  it('an event that nobody is to be told of makes no delivery', async () => {
    const silent = event(null);
    await platform.enqueue(silent);
    expect(await platform.deliveryOf(silent)).toBeUndefined();
  });

  it('a receiver that fails twice gets the third, same webhook-id', async () => {
    receiver.answerNext(
      { status: 500, body: `out of order \0 ${'x'.repeat(3_000)}` },
      { status: 302, headers: { location: '/elsewhere' } },
    );
    const completed = event(`${receiver.url}/hook`);
    await platform.enqueue(completed);
    expect(await platform.ended(completed, 'DELIVERED')).toMatchObject({ tries: 3 });
    expect(webhookIds()).toEqual([completed.id, completed.id, completed.id]);
    expect(receiver.requests.map(({ path }) => path)).toEqual(['/hook', '/hook', '/hook']);
    const attempts = await platform.attemptsOf(completed);
    expect(attempts.map(({ status }) => status)).toEqual([500, 302, 200]);
    expect(attempts[0]!.answer).toMatch(/^out of order . x+$/u);
    expect(attempts[0]!.answer).toHaveLength(1_024);
  });

  it('a hanging receiver does not hold up another', async () => {
    const hanging = await startReceiver();
    try {
      hanging.answer({ hang: true });
      const accountId = newAccountId();
      await platform.enqueue(...Array.from({ length: 50 }, () => event(hanging.url, accountId)));
      await eventually(() => hanging.requests.length >= 2);
      const enqueuedAt = Date.now();
      const others = [event(receiver.url, accountId), event(receiver.url)];
      await platform.enqueue(...others);
      await waitFor(() => expect(receiver.requests).toHaveLength(2));
      for (const { receivedAt } of receiver.requests) expect(receivedAt - enqueuedAt).toBeLessThan(TIMEOUT_MS);
      expect(hanging.requests.length).toBeLessThan(10);
    } finally {
      await platform.sql.query(`UPDATE deliveries SET status = 'DEAD' WHERE url = $1`, [hanging.url]);
      await hanging.stop();
    }
  });

  it('after the last try it is a dead letter', async () => {
    receiver.answer({ status: 503, body: 'closed' });
    const completed = event(receiver.url);
    await platform.enqueue(completed);
    expect(await platform.ended(completed, 'DEAD')).toMatchObject({ tries: 10 });
    expect(webhookIds()).toEqual(Array(10).fill(completed.id));
    expect((await platform.attemptsOf(completed)).at(-1)).toMatchObject({ number: 10, status: 503, answer: 'closed' });

    const metrics = await (await fetch(`${service.url}/metrics`)).text();
    expect(metrics).toMatch(/webhook_dead_letters_total\{.*\} [1-9]/);
    const lines = service.logs().filter((line) => line.includes('webhook given up'));
    expect(lines.some((line) => line.includes(completed.id))).toBe(true);
  });

  it('410 Gone is a dead letter at once', async () => {
    receiver.answer({ status: 410 });
    const completed = event(receiver.url);
    await platform.enqueue(completed);
    expect(await platform.ended(completed, 'DEAD')).toMatchObject({ tries: 1 });
  });

  it('what leads nowhere ends as a dead letter and holds up nothing', async () => {
    const odd = [event('not a URL'), event(`http://${'x'.repeat(10_000)}/`)];
    const sound = event(receiver.url);
    await platform.enqueue(...odd, sound);
    await platform.ended(sound, 'DELIVERED');
    for (const one of odd) await platform.ended(one, 'DEAD');
    expect(receiver.requests).toHaveLength(1);
  });
});

it('kill -9 between claim and answer: delivered after restart', async () => {
  receiver.answer({ hang: true });
  const completed = event(receiver.url);
  await platform.enqueue(completed);
  await eventually(() => receiver.requests[0], { intervalMs: 5 });
  await service.kill('SIGKILL');
  expect(await platform.deliveryOf(completed)).toMatchObject({ status: 'PENDING', tries: 0, due: false });

  receiver.answer({ status: 200 });
  service = await platform.startDispatcher();
  expect(await platform.ended(completed, 'DELIVERED')).toMatchObject({ tries: 1 });
  expect(webhookIds()).toEqual([completed.id, completed.id]);
});

it('killed again and again while it works: every event arrives, each with one id', async () => {
  await service.kill('SIGKILL');
  receiver.answer({ delayMs: 20 });
  const accounts = Array.from({ length: 10 }, newAccountId);
  const events = accounts.flatMap((accountId) => Array.from({ length: 20 }, () => event(receiver.url, accountId)));
  service = await platform.startDispatcher({ WEBHOOK_TIMEOUT_MS: String(TIMEOUT_MS) });
  await platform.enqueue(...events);
  for (let arrived = 1; arrived <= 121; arrived += 60) {
    await eventually(() => receiver.requests.length >= arrived, { intervalMs: 2 });
    await service.kill('SIGKILL');
    service = await platform.startDispatcher({ WEBHOOK_TIMEOUT_MS: String(TIMEOUT_MS) });
  }
  await eventually(() => new Set(webhookIds()).size === events.length, { timeoutMs: 20_000 });
  for (const each of events) await platform.ended(each, 'DELIVERED');
  expect(new Set(webhookIds())).toEqual(new Set(events.map(({ id }) => id)));
});

it('healthy receivers are told within two seconds while others hang', async () => {
  await service.kill('SIGKILL');
  service = await platform.startDispatcher({ WEBHOOK_RETRY_SCALE: '1' });
  const hanging = await startReceiver();
  try {
    hanging.answer({ hang: true });
    const sick = Array.from({ length: 20 }, newAccountId);
    await platform.enqueue(...sick.flatMap((id) => Array.from({ length: 20 }, () => event(hanging.url, id))));
    await eventually(() => hanging.requests.length >= sick.length * 2);
    const enqueuedAt = Date.now();
    await platform.enqueue(...Array.from({ length: 200 }, () => event(receiver.url)));
    await eventually(() => receiver.requests.length === 200, { timeoutMs: 15_000 });
    const latencies = receiver.requests.map(({ receivedAt }) => receivedAt - enqueuedAt).sort((a, b) => a - b);
    expect(latencies[Math.floor(200 * 0.95)]).toBeLessThan(2_000);
  } finally {
    await platform.sql.query(`UPDATE deliveries SET status = 'DEAD' WHERE url = $1`, [hanging.url]);
    await hanging.stop();
  }
});

it('SIGTERM: an attempt in hand is finished, one that hangs is given back', async () => {
  receiver.answer(({ path }) => (path === '/hang' ? { hang: true } : { delayMs: 700 }));
  const [slow, hanging] = [event(`${receiver.url}/slow`), event(`${receiver.url}/hang`)];
  await platform.enqueue(slow, hanging);
  await eventually(() => receiver.requests.length === 2);
  const stoppedAt = Date.now();
  expect(await service.stop()).toBe(0);
  expect(Date.now() - stoppedAt).toBeLessThan(5_000);
  expect(await platform.deliveryOf(slow)).toMatchObject({ status: 'DELIVERED', tries: 1 });
  expect(await platform.deliveryOf(hanging)).toMatchObject({ status: 'PENDING', tries: 0, due: true });
});

it('does not start where it could be turned against its own machine in production', async () => {
  const start = platform.startDispatcher({ NODE_ENV: 'production' });
  await expect(start).rejects.toThrow('WEBHOOK_ALLOW_LOOPBACK must not be set with NODE_ENV=production');
});

it('a private address is never connected to', async () => {
  service = await platform.startDispatcher({ WEBHOOK_ALLOW_LOOPBACK: 'false' });
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    socket.destroy();
  });
  try {
    const port = await listenOnPublicPort(server);
    const hosts = ['127.0.0.1', 'localhost', '[::1]', '[::ffff:127.0.0.1]', '2130706433', '0x7f.1', '0.0.0.0'];
    const events = hosts.map((host) => event(`http://${host}:${port}/`));
    await platform.enqueue(...events);
    for (const one of events) {
      const [attempt] = await eventually(async () => {
        const attempts = await platform.attemptsOf(one);
        return attempts.length > 0 && attempts;
      });
      expect(attempt!.error).toMatch('not lead to a public address');
    }
    expect(connections).toBe(0);
  } finally {
    server.close();
  }
});

/** Listens on all addresses, at one of the ports that webhooks may go to. */
async function listenOnPublicPort(server: Server): Promise<number> {
  for (const port of [8080, 8443, 443, 80]) {
    server.listen(port);
    const listening = await once(server, 'listening').catch(() => false);
    if (listening) return port;
  }
  throw new Error('all of the ports that webhooks may go to are taken');
}
