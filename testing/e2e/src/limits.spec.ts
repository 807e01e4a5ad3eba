import { setTimeout as sleep } from 'node:timers/promises';
import { admin } from '@doitong/contracts';
import {
  Customer,
  eventually,
  type GraphqlAnswer,
  Operator,
  type Platform,
  type RawConnection,
  rawConnection,
  startPlatform,
  UNFINISHED,
  waitFor,
} from '@doitong/support';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { audio } from './requests.js';

const CLIENTS = 50;
const REPLICAS = 3;
/** Of PRO, a minute. */
const LIMIT = 60;
/** Counted as paid work, and then refused for its input: a slot is never in the way. */
const REFUSED_LATER = { type: 'AUDIO', provider: 'no-such-provider', input: { text: 'a' } };
/** Not the address of the others, whose new keys would have to wait. */
const ELSEWHERE = { 'x-forwarded-for': '203.0.113.7' };
/** After a minute of silence, an old one is about to be closed by the gateway. */
const NEW_CONNECTION = { connection: 'close' };
/** How long a gateway remembers an account, unless it is told of a change. */
const REMEMBERED_MS = 5_000;
const DAY_MS = 86_400_000;

let platform: Platform;
let operator: Operator;
let gateways: string[];
/** The account that the storms are made for, with what became of the first of them. */
let stormed: Customer;
let firstStorm: Storm;
let silence: Promise<unknown>;
let unfinished: RawConnection;

beforeAll(async () => {
  platform = await startPlatform(['elevenlabs'], { TRUSTED_PROXIES: 'loopback' });
  await startReplicas('gateway');
  await startReplicas('rate-limit');
  gateways = platform.processes('gateway').map(({ url }) => url);
  operator = await Operator.connect(platform.natsUrl('admin'));
  // All have answered once before many ask at the same time: what they do first takes them longest.
  const first = await newCustomer('PRO');
  for (let round = 0; round < REPLICAS; round++)
    await Promise.all(gateways.map((_url, gateway) => at(gateway, first).tryGenerate(REFUSED_LATER)));
  stormed = await newCustomer('PRO');
  firstStorm = await storm();
  silence = sleep(61_000, undefined, { ref: false });
  unfinished = await rawConnection(platform.gatewayUrl, UNFINISHED);
}, 400_000);

afterAll(async () => {
  await operator?.close();
  await platform?.stop();
}, 300_000);

async function startReplicas(name: 'gateway' | 'rate-limit'): Promise<void> {
  while (platform.processes(name).length < REPLICAS) await platform.start(name);
}

const newCustomer = (plan: 'FREE' | 'STARTER' | 'PRO' | 'ENTERPRISE') =>
  operator.createCustomer(platform.gatewayUrl, { plan, credits: 100_000 });
/** The same customer, at another gateway. */
const at = (gateway: number, { accountId, key }: Customer) => new Customer(gateways[gateway]!, accountId, key);

/** What was told to many who asked at the same time: how much was left after each that was admitted, the most first. */
interface Storm {
  left: number[];
  refused: number;
  /** Nobody could check these in time, as happens when a machine is very busy: they may have been counted or not. */
  unchecked: number;
}

async function storm(): Promise<Storm> {
  const answers = await Promise.all(
    Array.from({ length: CLIENTS }, async (_, client) => {
      const there = at(client % REPLICAS, stormed);
      const each = [];
      for (let time = 0; time < REPLICAS; time++) each.push(await there.tryGenerate(REFUSED_LATER, NEW_CONNECTION));
      return each;
    }),
  );
  const [refused, others] = parted(answers.flat(), ({ status }) => status === 429);
  const [unchecked, admitted] = parted(others, ({ status }) => status === 503);
  for (const { errors } of refused) {
    expect(errors).toMatchObject([{ extensions: { code: 'RATE_LIMIT', limit: 'per_minute' } }]);
  }
  for (const { errors } of unchecked) expect(errors).toMatchObject([{ extensions: { code: 'INTERNAL' } }]);
  for (const { errors } of admitted) expect(errors).toMatchObject([{ extensions: { field: 'provider' } }]);
  return { left: leftAfter(admitted), refused: refused.length, unchecked: unchecked.length };
}

/**
 * As many were admitted as the limit has it, each of them told another number of what was left. What is missing may be one that was
 * counted and could not be told.
 */
function expectExact({ left, refused }: Storm, limit: number, unchecked: number): void {
  const all = Array.from({ length: limit }, (_, n) => limit - 1 - n);
  const missing = all.filter((n) => !left.includes(n));
  expect(left).toEqual(all.filter((n) => !missing.includes(n)));
  expect(missing.length).toBeLessThanOrEqual(unchecked);
  expect(refused).toBeGreaterThan(0);
}

const leftAfter = (admitted: GraphqlAnswer<unknown>[]) =>
  admitted.map(({ headers }) => Number(headers.get('x-ratelimit-remaining'))).sort((a, b) => b - a);

function parted<T>(all: T[], isFirst: (one: T) => boolean): [T[], T[]] {
  return [all.filter(isFirst), all.filter((one) => !isFirst(one))];
}

describe(`with ${REPLICAS} gateways and ${REPLICAS} rate-limit processes`, () => {
  it('50 clients of one account are admitted exactly as often as its plan has it', () => {
    expectExact(firstStorm, LIMIT, firstStorm.unchecked);
  });

  it('50 clients of one address that guess API keys are told 30 times that a key is wrong', async () => {
    const answers = await Promise.all(
      Array.from({ length: CLIENTS }, (_, client) =>
        new Customer(gateways[client % REPLICAS]!, '', `dt_test_guess${client}`).ask(
          '{ account { id } }',
          {},
          ELSEWHERE,
        ),
      ),
    );
    const [checked, unchecked] = parted(answers, ({ headers }) => headers.has('x-ratelimit-remaining'));
    const [wrong, refused] = parted(checked, ({ status }) => status === 401);
    expect(new Set(refused.map(({ status }) => status))).toEqual(new Set([429]));
    const guesses = { left: leftAfter(wrong), refused: refused.length, unchecked: unchecked.length };
    expectExact(guesses, 30, guesses.unchecked);
  });

  /** What each gateway says that it is, once all of them say so. */
  async function expectLimit(customer: Customer, limit: number): Promise<void> {
    await waitFor(async () => {
      const told = await Promise.all(
        gateways.map(async (_url, gateway) => {
          const { headers } = await at(gateway, customer).ask('{ account { id } }');
          return Number(headers.get('x-ratelimit-limit'));
        }),
      );
      expect(told).toEqual(gateways.map(() => limit));
    });
  }

  it('a change of plan or of own limits is told to every gateway, which does not go on with what it remembers', async () => {
    const customer = await newCustomer('FREE');
    const { accountId } = customer;
    await expectLimit(customer, 100);
    // The gateways learn one state after the other, all within the time for which they remember the first: so they were told.
    await eventually(
      async () => {
        const begunAt = performance.now();
        await operator.ask(admin.accountSetPlan, { accountId, plan: 'PRO' });
        await expectLimit(customer, 600);
        await operator.ask(admin.accountSetPlan, { accountId, plan: 'ENTERPRISE' });
        await expectLimit(customer, 6_000);
        await operator.ask(admin.accountSetLimits, { accountId, requestsPerMinute: 500 });
        await expectLimit(customer, 5_000);
        return performance.now() - begunAt < REMEMBERED_MS;
      },
      { timeoutMs: 120_000 },
    );
  }, 200_000);
});

it("FREE's second generation is refused while one runs, and accepted once it has ended", async () => {
  const customer = await newCustomer('FREE');
  await platform.allowManyRequests(customer);
  const { id } = await customer.generate(audio('one at a time [[sandbox:slow=600]]'));
  expect(await customer.persist(audio('too early'))).toMatchObject({
    status: 429,
    errors: [{ extensions: { code: 'RATE_LIMIT', limit: 'concurrent', retryAfter: 2 } }],
  });
  await waitFor(async () => expect(await platform.submits('one at a time')).toBe(1));
  await platform.passTime(600);
  expect((await customer.ended(id)).status).toBe('COMPLETED');
  await eventually(async () => (await customer.persist(audio('now'))).status === 200, { intervalMs: 150 });
});

it('the quota of a day counts what was accepted: neither a repetition nor what was refused, and tells when it is whole again', async () => {
  // A UTC midnight in the middle of it would be a new day.
  const toMidnightMs = DAY_MS - (Date.now() % DAY_MS);
  if (toMidnightMs < 120_000) await sleep(toMidnightMs + 1_000);
  const customer = await newCustomer('ENTERPRISE');
  await operator.ask(admin.accountSetLimits, { accountId: customer.accountId, perDay: 1 });
  expect((await customer.persist({ ...audio('no such'), provider: 'no-such-provider' })).errors).toHaveLength(1);
  const key = { 'idempotency-key': 'once' };
  const first = await customer.generate(audio('of today'), key);
  const repeated = await customer.persist(audio('of today'), key);
  expect(repeated).toMatchObject({ status: 200, data: { generate: { id: first.id } } });
  expect(repeated.headers.get('ratelimit')).toMatch(/"per_minute";r=5\d\d;.*"per_day";r=0;t=\d+$/);
  const over = await customer.persist(audio('one too many'));
  expect(over).toMatchObject({ status: 429, errors: [{ extensions: { code: 'RATE_LIMIT', limit: 'per_day' } }] });
  const untilMidnight = 86_400 - (Math.floor(Date.now() / 1_000) % 86_400);
  const { retryAfter } = over.errors![0]!.extensions;
  expect(Math.abs(Number(retryAfter) - untilMidnight)).toBeLessThan(60);
  expect(over.headers.get('retry-after')).toBe(String(retryAfter));
}, 300_000);

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
  const metrics = await (await fetch(`${gateway!.managementUrl}/metrics`)).text();
  expect(metrics).toMatch(/rate_limit_unchecked_total\{window="generate",.*\} [1-9]/);
  expect(metrics).toMatch(/rate_limit_unchecked_total\{window="read",.*\} [1-9]/);
  await waitFor(() => expect(gateway!.logs().join('\n')).toContain('rate limits cannot be checked'));
  await startReplicas('rate-limit');
  expect((await customer.persist(audio('after'))).status).toBe(200);
}, 200_000);

// Last, so that the others run while these wait.
it('a request that does not become whole is answered with 408, without a key too', async () => {
  expect(await unfinished.said).toMatch(/^HTTP\/1.1 408 /);
}, 200_000);

it('50 clients of one account are admitted as often again after 61 s of silence', async () => {
  await silence;
  const again = await storm();
  expectExact(again, LIMIT, firstStorm.unchecked + again.unchecked);
}, 200_000);
