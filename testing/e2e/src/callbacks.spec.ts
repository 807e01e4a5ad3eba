import { admin, attempts } from '@doitong/contracts';
import { connectOptions, MessageBus } from '@doitong/service-kit/client';
import { Operator, type Platform, startPlatform, waitFor } from '@doitong/support';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { video } from './requests.js';

/** The customer's patience; the poll schedule alone would first look after the two minutes that a video takes. */
const LIMIT_MS = 60_000;

let platform: Platform;
let operator: Operator;
let connection: NatsConnection;
let hints: { attemptId: string; what: string }[];

beforeAll(async () => {
  platform = await startPlatform(['minimax'], { SANDBOX_SPEED: '1' });
  operator = await Operator.connect(platform.natsUrl('admin'));
  connection = await connect(connectOptions(platform.natsUrl('worker-minimax')));
  hints = [];
  connection.subscribe(attempts.hint.subject, { callback: (_error, message) => void hints.push(message.json()) });
  await connection.flush();
}, 300_000);

afterAll(async () => {
  await connection?.close();
  await operator?.close();
  await platform?.stop();
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
  await waitFor(() => expect(hints.filter((hint) => hint.attemptId === attemptId).length).toBeGreaterThanOrEqual(4));
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

it('a worker, with its identity of production, cannot top up an account', async () => {
  const { accountId } = await newCustomer();
  const topUp = { accountId, credits: 1_000, reference: 'a worker of bad intent' };
  await expect(new MessageBus(connection).request(admin.creditsAdd, topUp)).rejects.toMatchObject({ code: 'INTERNAL' });
  expect(await operator.ask(admin.creditsAdd, { ...topUp, reference: 'an operator' })).toMatchObject({
    credits: 11_000,
  });
});
