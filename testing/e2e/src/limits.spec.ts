import { setTimeout as sleep } from 'node:timers/promises';
import { admin } from '@doitong/contracts';
import { Customer, eventually, Operator, type Platform, startPlatform } from '@doitong/support';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { audio } from './requests.js';

const CLIENTS = 50;
const REPLICAS = 3;
/** Counted as paid work, and then refused for its input: a slot is never in the way. */
const REFUSED_LATER = { type: 'AUDIO', provider: 'no-such-provider', input: { text: 'a' } };

let platform: Platform;
let operator: Operator;
let gateways: string[];

beforeAll(async () => {
  platform = await startPlatform();
  for (let replica = 1; replica < REPLICAS; replica++) {
    await Promise.all([platform.start('gateway'), platform.start('rate-limit')]);
  }
  gateways = platform.processes('gateway').map(({ url }) => url);
  operator = await Operator.connect(platform.natsUrl('admin'));
  // All have answered once before many ask at the same time: what they do first takes them longest.
  const first = await newCustomer('PRO');
  for (let round = 0; round < REPLICAS; round++)
    await Promise.all(gateways.map((_url, gateway) => at(gateway, first).tryGenerate(REFUSED_LATER)));
}, 200_000);

afterAll(async () => {
  await operator?.close();
  await platform?.stop();
}, 150_000);

const newCustomer = (plan: 'FREE' | 'STARTER' | 'PRO' | 'ENTERPRISE') =>
  operator.createCustomer(platform.gatewayUrl, { plan, credits: 100_000 });
/** The same customer, at another gateway. */
const at = (gateway: number, { accountId, key }: Customer) => new Customer(gateways[gateway]!, accountId, key);

describe(`with ${REPLICAS} gateways and ${REPLICAS} rate-limit processes`, () => {
  const LIMIT = 60;

  it('50 clients of one account are admitted exactly as often as its plan has it, and as often again after 61 s of silence', async () => {
    const customer = await newCustomer('PRO');
    const storm = async () => {
      const answers = await Promise.all(
        Array.from({ length: CLIENTS }, async (_, client) => {
          const there = at(client % REPLICAS, customer);
          const each = [];
          for (let time = 0; time < REPLICAS; time++) each.push(await there.tryGenerate(REFUSED_LATER));
          return each;
        }),
      );
      const all = answers.flat();
      for (const { errors, status } of all) {
        if (status === 429) expect(errors).toMatchObject([{ extensions: { code: 'RATE_LIMIT', limit: 'per_minute' } }]);
        else expect(errors).toMatchObject([{ extensions: { field: 'provider' } }]);
      }
      const admitted = all.filter(({ status }) => status !== 429);
      const remaining = admitted.map(({ headers }) => Number(headers.get('x-ratelimit-remaining')));
      return remaining.sort((a, b) => b - a);
    };
    const eachOnce = Array.from({ length: LIMIT }, (_, n) => LIMIT - 1 - n);
    expect(await storm()).toEqual(eachOnce);
    await sleep(61_000);
    expect(await storm()).toEqual(eachOnce);
  }, 150_000);

  it('50 clients of one address that guess API keys are told 30 times that a key is wrong', async () => {
    const answers = await Promise.all(
      Array.from({ length: CLIENTS }, (_, client) =>
        new Customer(gateways[client % REPLICAS]!, '', `dt_test_guess${client}`).ask('{ account { id } }'),
      ),
    );
    const told = answers.map(({ status, headers }) => [status, Number(headers.get('x-ratelimit-remaining'))] as const);
    const refused = told.filter(([status]) => status === 401).map(([, remaining]) => remaining);
    expect(refused.sort((a, b) => b - a)).toEqual(Array.from({ length: 30 }, (_, n) => 29 - n));
    expect(told.filter(([status]) => status === 429)).toHaveLength(CLIENTS - 30);
  });

  it('a change of plan or of own limits acts on the next request, at every gateway', async () => {
    const customer = await newCustomer('FREE');
    const { accountId } = customer;
    const limits = () =>
      Promise.all(
        gateways.map(async (_url, gateway) => {
          const { headers } = await at(gateway, customer).ask('{ account { id } }');
          return Number(headers.get('x-ratelimit-limit'));
        }),
      );
    const all = (limit: number) => gateways.map(() => limit);
    expect(await limits()).toEqual(all(100));
    await operator.ask(admin.accountSetPlan, { accountId, plan: 'ENTERPRISE' });
    expect(await limits()).toEqual(all(6_000));
    await operator.ask(admin.accountSetLimits, { accountId, requestsPerMinute: 7 });
    expect(await limits()).toEqual(all(70));
  });
});

it("FREE's second generation is refused while one runs, and accepted under a second after it ended", async () => {
  const customer = await newCustomer('FREE');
  const { id } = await customer.generate(audio('[[sandbox:slow=3]]'));
  expect(await customer.tryGenerate(audio('too early'))).toMatchObject({
    status: 429,
    errors: [{ extensions: { code: 'RATE_LIMIT', limit: 'concurrent', retryAfter: 2 } }],
  });
  await customer.ended(id);
  const endedAt = performance.now();
  await eventually(async () => (await customer.tryGenerate(audio('now'))).status === 200, { intervalMs: 150 });
  expect(performance.now() - endedAt).toBeLessThan(1_000);
});

it('the quota of a day counts what was accepted: neither a repetition nor what was refused, and tells when it is whole again', async () => {
  const customer = await newCustomer('ENTERPRISE');
  await operator.ask(admin.accountSetLimits, { accountId: customer.accountId, perDay: 1 });
  expect((await customer.tryGenerate({ ...audio('no such'), provider: 'no-such-provider' })).errors).toHaveLength(1);
  const key = { 'idempotency-key': 'once' };
  const first = await customer.generate(audio('[[sandbox:slow=1]]'), key);
  const repeated = await customer.tryGenerate(audio('[[sandbox:slow=1]]'), key);
  expect(repeated).toMatchObject({ status: 200, data: { generate: { id: first.id } } });
  expect(repeated.headers.get('ratelimit')).toMatch(/"per_minute";r=597;.*"per_day";r=0;t=\d+$/);
  const over = await customer.tryGenerate(audio('one too many'));
  expect(over).toMatchObject({ status: 429, errors: [{ extensions: { code: 'RATE_LIMIT', limit: 'per_day' } }] });
  const untilMidnight = 86_400 - (Math.floor(Date.now() / 1_000) % 86_400);
  const { retryAfter } = over.errors![0]!.extensions;
  expect(Math.abs(Number(retryAfter) - untilMidnight)).toBeLessThan(10);
  expect(over.headers.get('retry-after')).toBe(String(retryAfter));
});

it('while no rate-limit service runs, paid work is refused for the moment and reads go on; both are counted and logged', async () => {
  const customer = await newCustomer('PRO');
  const { id } = await customer.generate(audio('before'));
  await platform.kill('rate-limit');
  expect(await customer.tryGenerate(audio('during'))).toMatchObject({
    status: 503,
    errors: [{ extensions: { code: 'INTERNAL', retryable: true, billed: false } }],
  });
  expect(await customer.generation(id)).toMatchObject({ id });
  const [gateway] = platform.processes('gateway');
  const metrics = await (await fetch(`${gateway!.url}/metrics`)).text();
  expect(metrics).toMatch(/rate_limit_unchecked_total\{window="generate",.*\} [1-9]/);
  expect(metrics).toMatch(/rate_limit_unchecked_total\{window="read",.*\} [1-9]/);
  expect(gateway!.logs().join('\n')).toContain('rate limits cannot be checked');
  await platform.start('rate-limit');
  expect((await customer.tryGenerate(audio('after'))).status).toBe(200);
});
