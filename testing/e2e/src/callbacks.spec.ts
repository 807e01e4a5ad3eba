import type { ServerResponse } from 'node:http';
import { admin, attempts } from '@doitong/contracts';
import { connectOptions, MessageBus } from '@doitong/service-kit/client';
import { Customer, Operator, type Platform, startPlatform, waitFor } from '@doitong/support';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { type LiveVendor, startLiveVendor } from './live-vendor.js';
import { video } from './requests.js';

/** The customer's patience; the poll schedule alone would first look after the two minutes that a video takes. */
const LIMIT_MS = 60_000;

const hint = attempts.hint('minimax');
let live: LiveVendor;
let platform: Platform;
let operator: Operator;
let connection: NatsConnection;
let hints: { attemptId: string; what: string }[];

beforeAll(async () => {
  live = await startLiveVendor();
  platform = await startPlatform(['minimax'], {
    SANDBOX_SPEED: '1',
    MINIMAX_BASE_URL: live.url,
    MINIMAX_API_KEYS: 'key-one-of-ours,key-two-of-ours',
  });
  operator = await Operator.connect(platform.natsUrl('admin'));
  connection = await connect(connectOptions(platform.natsUrl('worker-minimax')));
  hints = [];
  connection.subscribe(hint.subject, { callback: (_error, message) => void hints.push(message.json()) });
  await connection.flush();
}, 300_000);

afterAll(async () => {
  await connection?.close();
  await operator?.close();
  await platform?.stop();
  await live?.stop();
}, 150_000);

const newCustomer = () => operator.createCustomer(platform.gatewayUrl, { credits: 10_000 });

async function attemptOf(generationId: string): Promise<string> {
  const { attempts } = await operator.ask(admin.generationShow, { id: generationId });
  return attempts[0]!.id;
}

it("a vendor's callback ends the wait at once, and twice is harmless", async () => {
  const customer = await newCustomer();
  const { id } = await customer.generate(video('a calm sea [[sandbox:slow=2]] [[sandbox:callback-twice]]'));
  const ended = await customer.ended(id, LIMIT_MS);
  expect(ended).toMatchObject({ status: 'COMPLETED', error: null });
  // Two events, `processing` and the end, each told twice.
  const attemptId = await attemptOf(id);
  await waitFor(() => expect(hints.filter((one) => one.attemptId === attemptId).length).toBeGreaterThanOrEqual(4));
  expect(await customer.settled()).toEqual({ credits: 10_000 - ended.creditCost, held: 0 });
  // Its URL is another after a while.
  expect({ ...(await customer.generation(id)), url: null }).toEqual({ ...ended, url: null });
}, 120_000);

it('a callback under a wrong token is 404', async () => {
  const customer = await newCustomer();
  const { id } = await customer.generate(video('never ends [[sandbox:hang]]'));
  const attemptId = await attemptOf(id);
  const [worker] = platform.processes('worker-minimax');
  const response = await fetch(`${worker!.url}/callbacks/minimax/${attemptId}/${'A'.repeat(43)}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ status: 'success' }),
  });
  expect(response.status).toBe(404);
  // Ours, not that of a path that nobody serves.
  expect(await response.json()).toMatchObject({ error: { code: 'NOT_FOUND' } });
});

/** A generation of a live key, whose attempt is told to poll until it has ended. */
async function polledToItsEnd(prompt: string) {
  const account = { name: 'live', plan: 'ENTERPRISE' as const, credits: 10_000 };
  const { accountId, liveKey } = await operator.ask(admin.accountCreate, account);
  const customer = new Customer(platform.gatewayUrl, accountId, liveKey);
  const { id } = await customer.generate(video(prompt));
  const attemptId = await attemptOf(id);
  const hinting = setInterval(() => connection.publish(hint.subject, JSON.stringify({ attemptId, what: 'poll' })), 50);
  try {
    return await customer.ended(id, LIMIT_MS);
  } finally {
    clearInterval(hinting);
  }
}

it('a live vendor is not told a callback URL that it cannot reach, and the log says so', async () => {
  expect(await polledToItsEnd('a calm sea, live')).toMatchObject({ status: 'COMPLETED' });
  expect(live.submits.map((body) => [body.prompt, 'callback_url' in body])).toEqual([['a calm sea, live', false]]);
  const [worker] = platform.processes('worker-minimax');
  expect(worker!.logs().filter((line) => line.includes('CALLBACK_BASE_URL is no public https URL'))).toHaveLength(1);
}, 120_000);

it('polls that a proxy refuses, and a key that is refused once, end no task that is paid', async () => {
  const page = (status: number) => (response: ServerResponse) =>
    void response.writeHead(status, { 'content-type': 'text/html' }).end('<html>Just a moment...</html>');
  const keyRefused = (response: ServerResponse) =>
    void response
      .writeHead(200, { 'content-type': 'application/json' })
      .end(JSON.stringify({ base_resp: { status_code: 2049, status_msg: 'invalid api key' } }));
  live.submits.length = live.polls.length = 0;
  live.refusals.push(page(401), page(402), page(403), page(404), page(400), keyRefused);
  expect(await polledToItsEnd('a rough sea, live')).toMatchObject({ status: 'COMPLETED', error: null });
  expect(live.submits).toHaveLength(1);
  // The other key was let in where the first was not.
  expect(new Set(live.polls.slice(-2))).toEqual(new Set(['Bearer key-one-of-ours', 'Bearer key-two-of-ours']));
}, 120_000);

it('a worker, with its identity of production, cannot top up an account', async () => {
  const { accountId } = await newCustomer();
  const topUp = { accountId, credits: 1_000, reference: 'a worker of bad intent' };
  await expect(new MessageBus(connection).request(admin.creditsAdd, topUp)).rejects.toMatchObject({ code: 'INTERNAL' });
  expect(await operator.ask(admin.creditsAdd, { ...topUp, reference: 'an operator' })).toMatchObject({
    credits: 11_000,
  });
});
