import { setTimeout as sleep } from 'node:timers/promises';
import {
  Customer,
  eventually,
  Operator,
  type Platform,
  type ServiceName,
  startPlatform,
  waitFor,
} from '@doitong/support';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { holdTable } from './held-table.js';

const CREDITS = 100_000;
const CLIENT_PATIENCE_MS = 6_000;
const replicated = ['gateway', 'generations'] as const;

let platform: Platform;
let operator: Operator;
let database: pg.Pool;

beforeAll(async () => {
  platform = await startPlatform(['black-forest-labs']);
  operator = await Operator.connect(platform.natsUrl('admin'));
  for (const name of replicated) await platform.start(name);
  database = new pg.Pool({ connectionString: platform.databaseUrl, max: 1 });
}, 300_000);

afterAll(async () => {
  await operator?.close();
  await database?.end();
  await platform?.stop();
}, 150_000);

const newCustomer = (account = {}) => operator.createCustomer(platform.gatewayUrl, { credits: CREDITS, ...account });
const image = (text: string) => ({ type: 'IMAGE', provider: 'flux-dev', input: { text } });
const unique = (text: string) => `${text} ${Date.now()} ${Math.random()}`;

/** The gateways in turn, as a balancer would choose them; one that was killed is gone and another in its place. */
function through({ accountId, key }: Customer, call: number): Customer {
  const gateways = platform.processes('gateway');
  return new Customer(gateways[call % gateways.length]?.url ?? platform.gatewayUrl, accountId, key);
}

/** One call that is repeated, as clients should, until it is answered; the id of its generation. */
async function persist(customer: Customer, call: number, input: object, key: string): Promise<string> {
  for (let tries = call; ; tries++) {
    const asked = through(customer, tries).tryGenerate(input, { 'idempotency-key': key });
    const answer = await Promise.race([asked.catch(() => undefined), sleep(CLIENT_PATIENCE_MS)]);
    if (answer?.data?.generate) return answer.data.generate.id;
    const refused = answer?.errors?.find(({ extensions }) => !extensions.retryable);
    if (refused) throw new Error(JSON.stringify(refused));
    await sleep(500);
  }
}

const calls = (many: number, customer: Customer, input: object, key: string) =>
  Promise.all(Array.from({ length: many }, (_, call) => persist(customer, call, input, key)));

/** What an account has of each: generations, holds, those of them captured, slots in use, of today's quota taken. */
async function tally({ accountId }: Customer) {
  const { rows } = await database.query(
    `SELECT (SELECT count(*)::int FROM generations.generations WHERE account_id = $1) AS generations,
       (SELECT count(*)::int FROM billing.holds WHERE account_id = $1) AS holds,
       (SELECT count(*)::int FROM billing.holds WHERE account_id = $1 AND status = 'CAPTURED') AS captured,
       (SELECT count(*)::int FROM rate_limit.slots WHERE account_id = $1 AND freed_at IS NULL) AS slots,
       (SELECT day_taken FROM rate_limit.account_usage WHERE account_id = $1) AS today`,
    [accountId],
  );
  return rows[0];
}

/** Each of these prompts was made once: one generation, one hold, one submit, one charge, and every slot given back. */
async function expectMadeOnce(customer: Customer, made: { id: string; text: string }[]): Promise<void> {
  const ended = await Promise.all(made.map(({ id }) => customer.ended(id, 120_000)));
  expect(ended.map(({ status, error }) => ({ status, error }))).toEqual(
    made.map(() => ({ status: 'COMPLETED', error: null })),
  );
  expect(await Promise.all(made.map(({ text }) => platform.submits(text)))).toEqual(made.map(() => 1));
  const spent = ended.reduce((sum, { creditCost }) => sum + creditCost, 0);
  expect(await customer.settled()).toEqual({ credits: CREDITS - spent, held: 0 });
  const many = made.length;
  await eventually(async () => (await tally(customer)).slots === 0, { timeoutMs: 60_000 });
  expect(await tally(customer)).toEqual({ generations: many, holds: many, captured: many, slots: 0, today: many });
  expect(await operator.verifyLedger()).toMatchObject({ balanced: true, discrepancies: [] });
}

describe('a hundred calls with one Idempotency-Key, through two gateways and two generations', () => {
  it('make one generation, one hold, one submit, one charge', async () => {
    const customer = await newCustomer();
    const text = unique('once');
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, call) =>
        through(customer, call).generate(image(text), { 'idempotency-key': 'storm' }),
      ),
    );
    const [id, ...others] = new Set(answers.map((answer) => answer.id));
    expect(others).toEqual([]);
    await expectMadeOnce(customer, [{ id: id!, text }]);
  }, 300_000);
});

describe('a repeat', () => {
  it('while the first still runs returns it, though the account has no other slot; and so it does when that has ended', async () => {
    const customer = await newCustomer({ plan: 'FREE' });
    await platform.allowManyRequests(customer);
    const text = unique('slow [[sandbox:slow=600]]');
    const key = { 'idempotency-key': 'patience' };
    const first = await customer.generate(image(text), key);
    const { data } = await through(customer, 1).persist(image(text), key);
    expect(data?.generate?.id).toBe(first.id);
    expect(['QUEUED', 'PROCESSING']).toContain(data?.generate?.status);
    expect((await customer.persist(image('another'))).errors?.[0]?.extensions).toMatchObject({
      code: 'RATE_LIMIT',
      limit: 'concurrent',
    });
    await eventually(async () => (await platform.submits(text)) === 1);
    await platform.passTime(600);
    await expectMadeOnce(customer, [{ id: first.id, text }]);
    expect(await customer.generate(image(text), key)).toMatchObject({ id: first.id, status: 'COMPLETED' });
  }, 300_000);

  it('with another body is IDEMPOTENCY_CONFLICT and changes nothing', async () => {
    const customer = await newCustomer();
    const text = unique('mine');
    const key = { 'idempotency-key': 'taken' };
    const { id } = await customer.generate(image(text), key);
    for (const other of [
      image('other'),
      { ...image(text), options: { seed: 7 } },
      { ...image(text), provider: 'flux-pro' },
    ]) {
      const { errors } = await through(customer, 1).persist(other, key);
      expect(errors?.[0]?.extensions).toMatchObject({ code: 'IDEMPOTENCY_CONFLICT', field: 'Idempotency-Key' });
    }
    await expectMadeOnce(customer, [{ id, text }]);
  }, 300_000);

  it('of a request that was refused is a new request: nothing was stored of it', async () => {
    const customer = await newCustomer({ plan: 'FREE' });
    await platform.allowManyRequests(customer);
    const key = { 'idempotency-key': 'second try' };
    const invalid = await customer.persist({ ...image('x'), options: { sparkle: 1 } }, key);
    expect(invalid.errors?.[0]?.extensions).toMatchObject({ code: 'INVALID_INPUT', field: 'options.sparkle' });
    expect(await tally(customer)).toMatchObject({ generations: 0, holds: 0, slots: 0 });
    const text = unique('better');
    const { id } = await customer.generate(image(text), key);
    await expectMadeOnce(customer, [{ id, text }]);
  }, 300_000);
});

it('one document with several generating fields makes one generation of each, and a repeat returns each to its own', async () => {
  const customer = await newCustomer();
  const texts = [unique('first'), unique('second'), unique('first again')];
  const field = (text: string) =>
    `generate(input: { type: IMAGE, provider: "flux-dev", input: { text: ${JSON.stringify(text)} } }) { id }`;
  const document = `mutation { generate: ${field(texts[0]!)} b: ${field(texts[1]!)} c: ${field(texts[2]!)} }`;
  const ask = async (call: number) => {
    const key = { 'idempotency-key': 'album' };
    const { data, errors } = await through(customer, call).ask<Record<string, { id: string }>>(document, {}, key);
    if (!data || errors) throw new Error(JSON.stringify(errors));
    return [data.generate?.id, data.b?.id, data.c?.id];
  };
  // As clients do: what had no answer is asked again.
  const patience = { timeoutMs: 60_000, intervalMs: 500 };
  const answers = await Promise.all(Array.from({ length: 10 }, (_, call) => waitFor(() => ask(call), patience)));
  const [first] = answers;
  expect(answers).toEqual(answers.map(() => first));
  await expectMadeOnce(
    customer,
    texts.map((text, n) => ({ id: first![n]!, text })),
  );
}, 300_000);

/** SIGKILL to every process of it, and as many started anew. */
async function killAndRestart(name: ServiceName, between: () => Promise<void> = async () => {}): Promise<void> {
  const many = platform.processes(name).length;
  await platform.kill(name);
  await between();
  for (let started = 0; started < many; started++) await platform.start(name);
}

describe('calls with one key, when there dies between two steps', () => {
  const writes: [ServiceName, string][] = [
    ['rate-limit', 'rate_limit.slots'],
    ['billing', 'billing.holds'],
    ['generations', 'generations.generations'],
    ['gateway', 'generations.generations'],
  ];

  it.each(
    writes.flatMap(([name, table]) => [[name, table, 'undone'] as const, [name, table, 'done all the same'] as const]),
  )(
    '%s, its write to %s %s: one generation, one hold, one submit, and every slot back',
    async (name, table, how) => {
      const customer = await newCustomer();
      const text = unique(`killed ${name}`);
      const held = await holdTable(platform.databaseUrl, table);
      const answers = calls(20, customer, image(text), 'killed');
      await held.reached();
      await killAndRestart(name, async () => {
        if (how === 'undone') await held.undo();
        await held.release();
      });
      const [id, ...others] = new Set(await answers);
      expect(others).toEqual([]);
      await expectMadeOnce(customer, [{ id: id!, text }]);
    },
    300_000,
  );
});

it('calls with twenty keys, while services are killed at random moments, make twenty generations', async () => {
  const seed = Number(process.env.CHAOS_SEED ?? Date.now() % 1_000_000);
  process.stderr.write(`CHAOS_SEED=${seed}\n`);
  const random = randomFrom(seed);
  const customer = await newCustomer();
  const texts = Array.from({ length: 20 }, (_, n) => unique(`random ${n}`));
  const answers = texts.map(async (text, n) => {
    await sleep(random() * 10_000);
    return calls(5, customer, image(text), `key ${n}`);
  });
  const mortal: ServiceName[] = ['generations', 'billing', 'rate-limit', 'gateway', 'generations'];
  for (const name of mortal) {
    await sleep(random() * 1_000);
    await killAndRestart(name);
  }
  const ids = (await Promise.all(answers)).map((same) => new Set(same));
  expect(ids.map(({ size }) => size)).toEqual(texts.map(() => 1));
  await expectMadeOnce(
    customer,
    texts.map((text, n) => ({ text, id: [...ids[n]!][0]! })),
  );
}, 400_000);

/** A linear congruential generator (Numerical Recipes): the same sequence for the same seed. */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
