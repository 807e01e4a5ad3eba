import { setTimeout as sleep } from 'node:timers/promises';
import {
  type Customer,
  eventually,
  Operator,
  type Platform,
  rawConnection,
  type SeenGeneration,
  type ServiceName,
  startPlatform,
  startReceiver,
  UNFINISHED,
} from '@doitong/support';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { tasksKnown } from './tasks-known.js';

const CREDITS = 100_000;
const TEN = 10;

let platform: Platform;
let operator: Operator;

beforeAll(async () => {
  platform = await startPlatform(['minimax', 'elevenlabs']);
  operator = await Operator.connect(platform.natsUrl('admin'));
}, 300_000);

afterAll(async () => {
  await operator?.close();
  await platform?.stop();
}, 150_000);

const newCustomer = () => operator.createCustomer(platform.gatewayUrl, { credits: CREDITS });

/** Ten of them under way at the vendor, until its time is moved on. */
async function tenAtTheVendor(customer: Customer, webhookUrl?: string): Promise<SeenGeneration[]> {
  const name = `chaos ${Date.now()} ${Math.random()}`;
  const ten = await Promise.all(
    Array.from({ length: TEN }, (_, n) =>
      customer.generate({
        type: 'VIDEO',
        provider: 'minimax',
        input: { text: `${name} ${n} [[sandbox:slow=600]]` },
        webhookUrl,
      }),
    ),
  );
  await eventually(async () => (await tasksKnown(platform.databaseUrl, ten)) === TEN, { timeoutMs: 60_000 });
  submitted = () => platform.submits(name);
  return ten;
}
let submitted: () => Promise<number>;

/** The vendor ends them: none lost, each asked for once and charged once, and no slot left taken. */
async function expectAllMadeOnce(customer: Customer, ten: SeenGeneration[]): Promise<void> {
  await platform.passTime(600);
  const ended = await Promise.all(ten.map(({ id }) => customer.ended(id, 120_000)));
  expect(ended.map(({ status }) => status)).toEqual(ten.map(() => 'COMPLETED'));
  expect(await submitted()).toBe(TEN);
  const spent = ended.reduce((sum, { creditCost }) => sum + creditCost, 0);
  expect(await customer.settled()).toEqual({ credits: CREDITS - spent, held: 0 });
  await eventually(async () => (await slotsTaken(customer)) === 0, { timeoutMs: 60_000 });
  expect(await operator.verifyLedger()).toMatchObject({ balanced: true, discrepancies: [] });
}

async function slotsTaken(customer: Customer): Promise<number | undefined> {
  const { data } = await customer.ask<{ account: { usage: { concurrent: number } } }>(
    '{ account { usage { concurrent } } }',
  );
  return data?.account.usage.concurrent;
}

describe('ten generations at the vendor', () => {
  it('are resumed by another worker when theirs is killed: none lost, none asked for twice, each charged once', async () => {
    const customer = await newCustomer();
    const ten = await tenAtTheVendor(customer);
    await platform.kill('worker-minimax');
    await platform.start('worker-minimax');
    await expectAllMadeOnce(customer, ten);
  }, 300_000);

  it.each<ServiceName>(['generations', 'billing', 'rate-limit', 'gateway'])(
    'survive a kill -9 of %s',
    async (name) => {
      const customer = await newCustomer();
      const ten = await tenAtTheVendor(customer);
      await platform.kill(name);
      // They end at the vendor while it is away.
      await platform.passTime(600);
      await sleep(1_000);
      await platform.start(name);
      await expectAllMadeOnce(customer, ten);
    },
    300_000,
  );

  it('are told of by webhook, each of them, although the dispatcher was killed before they ended', async () => {
    const receiver = await startReceiver();
    try {
      const customer = await newCustomer();
      const ten = await tenAtTheVendor(customer, receiver.url);
      await platform.kill('webhook-dispatcher');
      await expectAllMadeOnce(customer, ten);
      expect(receiver.requests).toEqual([]);
      await platform.start('webhook-dispatcher');
      const told = () => new Set(receiver.requests.map(({ body }) => JSON.parse(body).data.id));
      await eventually(() => told().size === TEN, { timeoutMs: 60_000 });
      expect(told()).toEqual(new Set(ten.map(({ id }) => id)));
    } finally {
      await receiver.stop();
    }
  }, 300_000);

  it('survive the loss of the whole JetStream store', async () => {
    const customer = await newCustomer();
    const ten = await tenAtTheVendor(customer);
    await platform.nats.restart({ wipe: true });
    await expectAllMadeOnce(customer, ten);
  }, 300_000);

  it('are handed over, none dropped, when every service is asked to end and started again', async () => {
    const customer = await newCustomer();
    const ten = await tenAtTheVendor(customer);
    for (const name of ['worker-minimax', 'generations', 'billing', 'rate-limit'] as const) {
      const [old] = platform.processes(name);
      await platform.start(name);
      expect(await old!.stop()).toBe(0);
    }
    await expectAllMadeOnce(customer, ten);
  }, 300_000);
});

it('a request that a client never finishes does not keep any service from ending', async () => {
  const names = ['gateway', 'generations', 'billing', 'rate-limit', 'webhook-dispatcher', 'worker-minimax'] as const;
  const codes = names.map(async (name) => {
    const service = platform.processes(name).at(-1)!;
    await rawConnection(service.url, UNFINISHED);
    return service.stop();
  });
  expect(await Promise.all(codes)).toEqual(names.map(() => 0));
  for (const name of names) {
    await platform.kill(name);
    await platform.start(name);
  }
}, 300_000);

it('a vendor that never answers a submit does not keep its worker from ending, nor the generation', async () => {
  const customer = await newCustomer();
  const text = `Is anybody there? ${Math.random()} [[sandbox:hang]]`;
  const { id } = await customer.generate({ type: 'AUDIO', provider: 'elevenlabs', input: { text } });
  await eventually(async () => (await platform.submits(text)) === 1, { timeoutMs: 60_000 });
  const [worker] = platform.processes('worker-elevenlabs');
  expect(await worker!.stop()).toBe(0);
  await platform.kill('worker-elevenlabs');
  await platform.start('worker-elevenlabs');
  expect(await customer.ended(id, 120_000)).toMatchObject({ status: 'FAILED', error: { code: 'GENERATION_FAILED' } });
  expect(await platform.submits(text)).toBe(1);
  expect(await customer.settled()).toEqual({ credits: CREDITS, held: 0 });
}, 300_000);

describe('accepted but not yet begun', () => {
  it('generations wait for a worker to come, also when their wake-up calls are lost', async () => {
    const customer = await newCustomer();
    await platform.kill('worker-elevenlabs');
    const { id } = await customer.generate({
      type: 'AUDIO',
      provider: 'elevenlabs',
      input: { text: 'Is anybody there?' },
    });
    await platform.nats.restart({ wipe: true });
    await platform.start('worker-elevenlabs');
    expect((await customer.ended(id, 120_000)).status).toBe('COMPLETED');
  }, 300_000);
});
