import { admin } from '@doitong/contracts';
import {
  Customer,
  eventually,
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

/** How long a gateway remembers a key, unless it is told that the key was revoked. */
const REMEMBERED_MS = 5_000;
/** At the vendor until a test moves its time on. */
const SLOW = '[[sandbox:slow=600]]';

beforeAll(async () => {
  // A video is expected to take some seconds: so long its progress grows.
  platform = await startPlatform(['minimax'], { SANDBOX_SPEED: '0.05' });
  operator = await Operator.connect(platform.natsUrl('admin'));
  customer = await operator.createCustomer(platform.gatewayUrl);
}, 300_000);

afterAll(async () => {
  await operator?.close();
  await platform?.stop();
}, 150_000);

const watching = (id: string) => ({ query: WATCH, variables: { id } });
const connectionParams = ({ key }: Customer) => ({ authorization: `Bearer ${key}` });
const told = ({ events }: { events: Event[] }) => events.map(({ data }) => data.generationUpdated);
const growing = (numbers: number[]) => [...numbers].sort((a, b) => a - b);

/** The vendor ends what has this in its prompt. */
async function vendorEnds(prompt: string): Promise<void> {
  await waitFor(async () => expect(await platform.submits(prompt)).toBe(1));
  await platform.passTime(600);
}

it('a customer is told of a generation from its first state to its output, progress never falling', async () => {
  const { id } = await customer.generate(video(`a lighthouse ${SLOW}`));
  const subscription = subscribe<Event>(platform.gatewayUrl, watching(id), {
    connectionParams: connectionParams(customer),
  });
  await waitFor(() => expect(told(subscription).some(({ progress }) => progress > 0)).toBe(true));
  await vendorEnds('a lighthouse');
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
}, 200_000);

it('a client whose gateway is killed in mid-run goes on at another', async () => {
  const doomed = await platform.start('gateway');
  const { id } = await customer.generate(video(`a storm at sea ${SLOW}`));
  let connections = 0;
  const subscription = subscribe<Event>(platform.gatewayUrl, watching(id), {
    // As a load balancer would.
    url: () => `${(connections === 0 ? doomed.url : platform.gatewayUrl).replace('http', 'ws')}/graphql`,
    connectionParams: connectionParams(customer),
    retryAttempts: 10,
    on: { connected: () => void connections++ },
  });
  await waitFor(() => expect(told(subscription).at(-1)).toMatchObject({ status: 'PROCESSING' }));
  await doomed.kill();
  await waitFor(() => expect(connections).toBeGreaterThanOrEqual(2), { timeoutMs: 50_000 });
  await vendorEnds('a storm at sea');
  expect(await subscription.ended).toBe('complete');
  const states = told(subscription);
  expect(states.at(-1)).toMatchObject({ status: 'COMPLETED', progress: 100 });
  expect(states.map(({ version }) => version)).toEqual(growing(states.map(({ version }) => version)));
}, 200_000);

it('a key that is revoked stops at every gateway, for requests and open connections; no log holds a key', async () => {
  const second = await platform.start('gateway');
  const owner = await operator.createCustomer(platform.gatewayUrl);
  const { id } = await owner.generate(video('never ends [[sandbox:hang]]'));
  const options = { connectionParams: connectionParams(owner) };
  const watched = [platform.gatewayUrl, second.url].map((url) => subscribe<Event>(url, watching(id), options));
  for (const { events } of watched) await waitFor(() => expect(events.length).toBeGreaterThan(0));

  const { keys } = await operator.ask(admin.key.list, { accountId: owner.accountId });
  const { id: keyId } = keys.find(({ lastFour }) => owner.key.endsWith(lastFour))!;
  await operator.ask(admin.key.revoke, { keyId });
  for (const { ended } of watched) {
    expect(await ended).toMatchObject({ code: 4403, reason: 'This API key is not valid.' });
  }

  const seconds = new Customer(second.url, owner.accountId, owner.key);
  for (const one of [owner, seconds]) {
    await waitFor(async () => expect((await one.ask('{ account { id } }')).status).toBe(401));
  }
  const logs = () =>
    (['gateway', 'billing', 'generations'] as const)
      .flatMap((name) => platform.processes(name).flatMap((process) => process.logs()))
      .join('\n');
  await waitFor(() => expect(logs()).toContain(owner.accountId));
  expect(logs()).not.toMatch(/dt_(test|live)_/);
}, 200_000);

it('every gateway is told of a key that is revoked, and does not go on with what it remembers', async () => {
  const second = await platform.start('gateway');
  const { accountId } = await operator.createCustomer(platform.gatewayUrl);
  // From first use to refusal in less than the time for which a gateway remembers a key: so it was told.
  await eventually(
    async () => {
      const { key, secret } = await operator.ask(admin.key.issue, { accountId, mode: 'test' });
      const there = [platform.gatewayUrl, second.url].map((url) => new Customer(url, accountId, secret));
      const statusOf = async (one: Customer) => (await one.ask('{ account { id } }')).status;
      const firstUsedAt = performance.now();
      expect(await Promise.all(there.map(statusOf))).toEqual([200, 200]);
      await operator.ask(admin.key.revoke, { keyId: key.id });
      // Who was refused once does not ask again: so many wrong keys are refused in another way.
      await Promise.all(there.map((one) => waitFor(async () => expect(await statusOf(one)).toBe(401))));
      return performance.now() - firstUsedAt < REMEMBERED_MS;
    },
    { timeoutMs: 120_000 },
  );
}, 200_000);
