import { admin } from '@doitong/contracts';
import {
  Customer,
  Operator,
  type Platform,
  type SeenGeneration,
  startPlatform,
  subscribe,
  waitFor,
} from '@doitong/support';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { video } from './requests.js';

const WATCH = 'subscription ($id: ID!) { generationUpdated(id: $id) { status progress version url } }';

interface Event {
  data: { generationUpdated: Pick<SeenGeneration, 'status' | 'progress' | 'version' | 'url'> };
}

let platform: Platform;
let operator: Operator;
let customer: Customer;

beforeAll(async () => {
  // A video takes some seconds.
  platform = await startPlatform({ SANDBOX_SPEED: '0.05' });
  operator = await Operator.connect(platform.natsUrl('admin'));
  customer = await operator.createCustomer(platform.gatewayUrl);
}, 150_000);

afterAll(async () => {
  await operator?.close();
  await platform?.stop();
}, 150_000);

const watching = (id: string) => ({ query: WATCH, variables: { id } });
const connectionParams = () => ({ authorization: `Bearer ${customer.key}` });
const told = ({ events }: { events: Event[] }) => events.map(({ data }) => data.generationUpdated);
const growing = (numbers: number[]) => [...numbers].sort((a, b) => a - b);

it('a customer is told of a generation from its first state to its output, progress never falling', async () => {
  const { id } = await customer.generate(video('a lighthouse'));
  const subscription = subscribe<Event>(platform.gatewayUrl, watching(id), { connectionParams: connectionParams() });
  expect(await subscription.ended).toBe('complete');
  const states = told(subscription);
  const versions = states.map(({ version }) => version);
  expect(versions).toEqual(growing([...new Set(versions)]));
  const progress = states.map((state) => state.progress);
  expect(progress).toEqual(growing(progress));
  // Some of it was seen on its way, and nothing after its end.
  expect(progress.some((percent) => percent > 0 && percent < 100)).toBe(true);
  expect(states.filter(({ status }) => status === 'COMPLETED')).toEqual([states.at(-1)]);
  expect((await fetch(states.at(-1)!.url!)).status).toBe(200);
});

it('a client whose gateway is killed in mid-run goes on at another', async () => {
  const doomed = await platform.start('gateway');
  const { id } = await customer.generate(video('a storm at sea'));
  let connections = 0;
  const subscription = subscribe<Event>(platform.gatewayUrl, watching(id), {
    // As a load balancer would.
    url: () => `${(connections === 0 ? doomed.url : platform.gatewayUrl).replace('http', 'ws')}/graphql`,
    connectionParams: connectionParams(),
    retryAttempts: 5,
    on: { connected: () => void connections++ },
  });
  await waitFor(() => expect(told(subscription).at(-1)).toMatchObject({ status: 'PROCESSING' }));
  await doomed.kill();
  expect(await subscription.ended).toBe('complete');
  expect(connections).toBe(2);
  const states = told(subscription);
  expect(states.at(-1)).toMatchObject({ status: 'COMPLETED', progress: 100 });
  expect(states.map(({ version }) => version)).toEqual(growing(states.map(({ version }) => version)));
});

it('a key that is revoked stops within a second at every gateway, for requests and open connections; no log holds a key', async () => {
  const second = await platform.start('gateway');
  const { id } = await customer.generate(video('never ends [[sandbox:hang]]'));
  const seconds = new Customer(second.url, customer.accountId, customer.key);
  const owner = { connectionParams: connectionParams() };
  const watched = [platform.gatewayUrl, second.url].map((url) => subscribe<Event>(url, watching(id), owner));
  for (const { events } of watched) await waitFor(() => expect(events.length).toBeGreaterThan(0));
  for (const one of [customer, seconds]) expect((await one.generation(id)).id).toBe(id);

  const { keys } = await operator.ask(admin.key.list, { accountId: customer.accountId });
  const { id: keyId } = keys.find(({ lastFour }) => customer.key.endsWith(lastFour))!;
  await operator.ask(admin.key.revoke, { keyId });
  const revokedAt = Date.now();
  for (const { ended } of watched) {
    expect(await ended).toMatchObject({ code: 4403, reason: 'This API key is not valid.' });
  }
  for (const one of [customer, seconds]) {
    await waitFor(async () => expect((await one.ask('{ account { id } }')).status).toBe(401), { timeoutMs: 1_000 });
  }
  expect(Date.now() - revokedAt).toBeLessThan(1_000);

  const logs = (['gateway', 'billing', 'generations'] as const).flatMap((name) =>
    platform.processes(name).flatMap((process) => process.logs()),
  );
  expect(logs.join('\n')).toContain(customer.accountId);
  expect(logs.join('\n')).not.toMatch(/dt_(test|live)_/);
});
