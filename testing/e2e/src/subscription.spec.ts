import { billing } from '@doitong/contracts';
import { MessageBus } from '@doitong/service-kit';
import {
  type Customer,
  Operator,
  type Platform,
  type SeenGeneration,
  startPlatform,
  subscribe,
  waitFor,
} from '@doitong/support';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { connect } from '@nats-io/transport-node';
import pg from 'pg';
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
  operator = await Operator.connect(platform.nats.url);
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

it('a key that is revoked ends the connection that it opened', async () => {
  const { id } = await customer.generate(video('never ends [[sandbox:hang]]'));
  const owner = { connectionParams: connectionParams() };
  const subscription = subscribe<Event>(platform.gatewayUrl, watching(id), owner);
  await waitFor(() => expect(subscription.events.length).toBeGreaterThan(0));
  const bus = new MessageBus(await connect({ servers: platform.nats.url }));
  await sql(`UPDATE billing.api_keys SET revoked_at = now() WHERE account_id = '${customer.accountId}'`);
  bus.broadcast(billing.keysChanged, { accountId: customer.accountId });
  expect(await subscription.ended).toMatchObject({ code: 4403, reason: 'This API key is not valid.' });
  expect(await subscribe(platform.gatewayUrl, watching(id), owner).ended).toMatchObject({ code: 4403 });
  await bus.connection.close();
});

async function sql(text: string): Promise<void> {
  const client = new pg.Client({ connectionString: platform.databaseUrl });
  await client.connect();
  await client.query(text);
  await client.end();
}
