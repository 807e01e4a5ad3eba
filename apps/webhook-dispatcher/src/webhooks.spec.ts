import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { isDeepStrictEqual } from 'node:util';
import { AssetUrlSigner } from '@doitong/media';
import { eventually, type Receiver, type Service, startReceiver, waitFor } from '@doitong/support';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Webhook } from 'standardwebhooks';
import { signedHeaders } from './__fixtures__/dispatcher.js';
import { event, newAccountId } from './__fixtures__/events.js';
import { startGatedReceiver } from './__fixtures__/gated-receiver.js';
import { ASSET_URL_SECRET, LEASE_SECONDS, openPlatform, type Platform, PUBLIC_URL } from './__fixtures__/platform.js';

let platform: Platform;
/** The one dispatcher that runs, if any, and its settings. */
let service: Service | undefined;
let settings: Record<string, string>;
let receiver: Receiver;

/** A dispatcher with these settings runs, and no other. */
async function run(wanted: Record<string, string> = {}): Promise<Service> {
  if (service && isDeepStrictEqual(settings, wanted)) return service;
  await kill();
  settings = wanted;
  service = await platform.startDispatcher(wanted);
  return service;
}

async function kill(): Promise<void> {
  await service?.kill('SIGKILL');
  service = undefined;
}

beforeAll(async () => {
  platform = await openPlatform();
});
afterAll(async () => {
  await kill();
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
  beforeEach(async () => {
    await run();
  });

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
    await platform.ended(completed, 'DELIVERED');
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

  it('the same event enqueued twice is one delivery, with one id', async () => {
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
    // Of which there is one.
    await platform.ended(completed, 'DELIVERED');
    expect(new Set(webhookIds())).toEqual(new Set([completed.id, last.id]));
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
      const others = [event(receiver.url, accountId), event(receiver.url)];
      await platform.enqueue(...others);
      for (const other of others) await platform.ended(other, 'DELIVERED');
      // All the while the two hung that may be under way there at once.
      expect(hanging.requests).toHaveLength(2);
    } finally {
      await platform.forget(hanging.url);
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

    const { managementUrl, logs } = await run();
    await waitFor(async () => {
      expect(await (await fetch(`${managementUrl}/metrics`)).text()).toMatch(/webhook_dead_letters_total\{.*\} [1-9]/);
      const lines = logs().filter((line) => line.includes('webhook given up'));
      expect(lines.some((line) => line.includes(completed.id))).toBe(true);
    });
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
    expect(new Set(webhookIds())).toEqual(new Set([sound.id]));
  });
});

it('kill -9 between claim and answer: delivered after restart, once the lease is over', async () => {
  await run();
  receiver.answer({ hang: true });
  const completed = event(receiver.url);
  await platform.enqueue(completed);
  await eventually(() => receiver.requests[0]);
  await kill();
  const claimed = await platform.deliveryOf(completed);
  expect(claimed).toMatchObject({ status: 'PENDING', tries: 0 });
  expect(claimed!.dueInSeconds).toBeGreaterThan(0);
  expect(claimed!.dueInSeconds).toBeLessThanOrEqual(LEASE_SECONDS);

  receiver.answer({ status: 200 });
  await platform.leasesEnd();
  await run();
  expect(await platform.ended(completed, 'DELIVERED')).toMatchObject({ tries: 1 });
  expect(receiver.requests.length).toBeGreaterThanOrEqual(2);
  expect(new Set(webhookIds())).toEqual(new Set([completed.id]));
});

it('killed again and again while it works: every event arrives, each with one id', async () => {
  await run();
  receiver.answer({ delayMs: 20 });
  const accounts = Array.from({ length: 10 }, newAccountId);
  const events = accounts.flatMap((accountId) => Array.from({ length: 20 }, () => event(receiver.url, accountId)));
  await platform.enqueue(...events);
  for (let arrived = 1; arrived <= 121; arrived += 60) {
    await eventually(() => receiver.requests.length >= arrived, { intervalMs: 2, timeoutMs: 60_000 });
    await kill();
    await platform.leasesEnd();
    await run();
  }
  await eventually(() => new Set(webhookIds()).size === events.length, { timeoutMs: 60_000 });
  for (const each of events) await platform.ended(each, 'DELIVERED');
  expect(new Set(webhookIds())).toEqual(new Set(events.map(({ id }) => id)));
}, 180_000);

it('healthy receivers are told, all of them, while others hang', async () => {
  await run({ WEBHOOK_RETRY_SCALE: '1' });
  const hanging = await startReceiver();
  try {
    hanging.answer({ hang: true });
    const sick = Array.from({ length: 20 }, newAccountId);
    await platform.enqueue(...sick.flatMap((id) => Array.from({ length: 20 }, () => event(hanging.url, id))));
    await eventually(() => hanging.requests.length >= sick.length * 2);
    const healthy = Array.from({ length: 200 }, () => event(receiver.url));
    await platform.enqueue(...healthy);
    await eventually(() => new Set(webhookIds()).size === healthy.length, { timeoutMs: 60_000 });
    for (const each of healthy) await platform.ended(each, 'DELIVERED');
    // They hung all the while: none of them has ended, and made room.
    const { rows: ended } = await platform.sql.query(
      'SELECT FROM delivery_attempts JOIN deliveries ON deliveries.id = delivery_id WHERE url = $1',
      [hanging.url],
    );
    expect(ended).toEqual([]);
  } finally {
    await platform.forget(hanging.url);
    await hanging.stop();
  }
}, 120_000);

it('SIGTERM: an attempt in hand is finished, one that hangs is given back, and the process ends by itself', async () => {
  // The service waits for 3 s: on a machine that stands still for as long, nothing can be told, and it is done once more.
  await waitFor(async () => {
    const stopping = await run();
    const gated = await startGatedReceiver();
    const [slow, hanging] = [event(`${gated.url}/slow`), event(`${gated.url}/hang`)];
    try {
      await platform.enqueue(slow, hanging);
      await waitFor(() => expect(gated.paths()).toEqual(['/hang', '/slow']));
      service = undefined;
      const stopped = stopping.stop();
      await waitFor(() => expect(fetch(`${stopping.url}/healthz`)).rejects.toThrow());
      gated.answer('/slow');
      expect(await stopped).toBe(0);
      expect(await platform.deliveryOf(slow)).toMatchObject({ status: 'DELIVERED', tries: 1 });
      const givenBack = await platform.deliveryOf(hanging);
      expect(givenBack).toMatchObject({ status: 'PENDING', tries: 0 });
      expect(givenBack!.dueInSeconds).toBeLessThanOrEqual(0);
    } finally {
      await platform.forget(gated.url);
      await gated.stop();
    }
  });
}, 120_000);

it('does not start where it could be turned against its own machine in production', async () => {
  const start = platform.startDispatcher({ NODE_ENV: 'production' });
  await expect(start).rejects.toThrow('WEBHOOK_ALLOW_LOOPBACK must not be set with NODE_ENV=production');
});

it('a private address is never connected to', async () => {
  await run({ WEBHOOK_ALLOW_LOOPBACK: 'false' });
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    socket.destroy();
  });
  try {
    // Another run of the tests may have them all for a moment.
    const port = await waitFor(() => listenOnPublicPort(server));
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
