import { type Customer, eventually, Operator, type Platform, startPlatform, waitFor } from '@doitong/support';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { holdTable } from './held-table.js';

/** Of one generation on flux-dev. */
const PRICE = 50;
const CREDITS = 1_000;

let platform: Platform;
let operator: Operator;
let database: pg.Pool;

beforeAll(async () => {
  platform = await startPlatform(['black-forest-labs']);
  operator = await Operator.connect(platform.natsUrl('admin'));
  database = new pg.Pool({ connectionString: platform.databaseUrl, max: 1 });
}, 300_000);

afterAll(async () => {
  await operator?.close();
  await database?.end();
  await platform?.stop();
}, 150_000);

const newCustomer = (credits = CREDITS) => operator.createCustomer(platform.gatewayUrl, { credits });
const image = (text: string) => ({ type: 'IMAGE', provider: 'flux-dev', input: { text } });

/** All is settled, this much was charged, and the ledger adds up, also beside the generations. */
async function expectCharged(customer: Customer, had: number, generations: number): Promise<void> {
  expect(await customer.settled()).toEqual({ credits: had - generations * PRICE, held: 0 });
  const verdict = await eventually(
    async () => {
      const found = await operator.verifyLedger();
      return found.matched && found;
    },
    { timeoutMs: 60_000 },
  );
  expect(verdict).toMatchObject({ balanced: true, discrepancies: [] });
}

it('500 generations at once against credits for 50: exactly 50 are accepted, completed and charged', async () => {
  const customer = await newCustomer(50 * PRICE);
  await database.query('UPDATE billing.accounts SET requests_per_minute = 100000, concurrent = 1000 WHERE id = $1', [
    customer.accountId,
  ]);
  const answers = await Promise.all(Array.from({ length: 500 }, (_, n) => customer.persist(image(`racing ${n}`))));
  const accepted = answers.flatMap(({ data }) => data?.generate?.id ?? []);
  const refused = answers.flatMap(({ errors }) => errors?.[0]?.extensions.code ?? []);
  expect(accepted).toHaveLength(50);
  expect(refused).toEqual(Array(450).fill('INSUFFICIENT_CREDITS'));
  const ended = await Promise.all(accepted.map((id) => customer.ended(id, 120_000)));
  expect(new Set(ended.map(({ status }) => status))).toEqual(new Set(['COMPLETED']));
  await expectCharged(customer, 50 * PRICE, 50);
}, 300_000);

/** Billing dies while its write waits for a table; its statement is then undone, or done although nobody hears of it. */
async function dieWriting(table: string, how: 'undone' | 'done', begin: () => Promise<unknown>): Promise<void> {
  const held = await holdTable(platform.databaseUrl, table);
  const begun = begin();
  await held.reached();
  await platform.kill('billing');
  if (how === 'undone') await held.undo();
  await held.release();
  await platform.start('billing');
  await begun;
}

describe('billing dies', () => {
  it.each(['undone', 'done'] as const)(
    'as it places a hold, its commit %s: what is accepted in the end is charged once, and nothing stays held',
    async (how) => {
      const customer = await newCustomer();
      const key = { 'idempotency-key': `hold ${how}` };
      const insist = async () =>
        eventually(async () => (await customer.tryGenerate(image('a hold'), key)).data?.generate?.id, {
          timeoutMs: 120_000,
          intervalMs: 500,
        });
      await dieWriting('billing.holds', how, insist);
      expect((await customer.ended(await insist(), 120_000)).status).toBe('COMPLETED');
      await expectCharged(customer, CREDITS, 1);
    },
    300_000,
  );

  it('after it answered a hold, before the generation is written', async () => {
    const customer = await newCustomer();
    const held = await holdTable(platform.databaseUrl, 'generations.generations');
    const generating = customer.persist(image('between'));
    await held.reached();
    await platform.kill('billing');
    await held.release();
    await platform.start('billing');
    const id = (await generating).data!.generate!.id;
    expect((await customer.ended(id, 120_000)).status).toBe('COMPLETED');
    await expectCharged(customer, CREDITS, 1);
  }, 300_000);

  it.each(['undone', 'done'] as const)(
    'as it captures, its commit %s: the capture is there in the end, once',
    async (how) => {
      const customer = await newCustomer();
      await dieWriting('billing.ledger_entries', how, async () => {
        const { id } = await customer.generate(image('a capture'));
        expect((await customer.ended(id, 120_000)).status).toBe('COMPLETED');
      });
      await expectCharged(customer, CREDITS, 1);
    },
    300_000,
  );

  it('after it has captured, before that was taken from the outbox: it hears it again, and charges once', async () => {
    const customer = await newCustomer();
    const capture = await holdTable(platform.databaseUrl, 'billing.ledger_entries');
    const { id } = await customer.generate(image('said twice'));
    await capture.reached();
    const outbox = await holdTable(platform.databaseUrl, 'generations.outbox');
    await capture.release();
    await outbox.reached();
    await platform.kill('billing');
    await outbox.undo();
    await outbox.release();
    await platform.start('billing');
    expect((await customer.ended(id, 120_000)).status).toBe('COMPLETED');
    await expectCharged(customer, CREDITS, 1);
  }, 300_000);
});

it('a capture that is undone in SQL behind its back is found beside its generation', async () => {
  const customer = await newCustomer();
  const { id } = await customer.generate(image('to be lost'));
  await customer.ended(id, 120_000);
  await expectCharged(customer, CREDITS, 1);
  const session = await database.connect();
  try {
    // Hold, entries, grant and balance, all as if it had never been captured: the books alone add up.
    await session.query(`CREATE TEMP TABLE lost AS SELECT * FROM billing.ledger_entries WHERE reference = '${id}';
      ALTER TABLE billing.ledger_entries DISABLE TRIGGER USER;
      DELETE FROM billing.ledger_entries WHERE reference = '${id}';
      ${TRIGGERS_ON};
      UPDATE billing.holds SET status = 'OPEN', captured_credits = 0, resolved_at = NULL WHERE generation_id = '${id}';
      UPDATE billing.grants SET remaining = remaining + ${PRICE} WHERE account_id = '${customer.accountId}';
      UPDATE billing.accounts SET held = held + ${PRICE} WHERE id = '${customer.accountId}'`);
    // At first `generations` may not know yet that billing has heard of it.
    await waitFor(async () =>
      expect((await operator.verifyLedger()).discrepancies).toEqual([
        `${id} is COMPLETED for ${PRICE}, its hold OPEN with 0 captured`,
      ]),
    );
  } finally {
    // The other tests find the ledger as it was.
    await session.query(`ALTER TABLE billing.ledger_entries DISABLE TRIGGER USER;
      INSERT INTO billing.ledger_entries OVERRIDING SYSTEM VALUE SELECT * FROM lost;
      ${TRIGGERS_ON};
      UPDATE billing.holds SET status = 'CAPTURED', captured_credits = ${PRICE}, resolved_at = now()
        WHERE generation_id = '${id}';
      UPDATE billing.grants SET remaining = remaining - ${PRICE} WHERE account_id = '${customer.accountId}';
      UPDATE billing.accounts SET held = held - ${PRICE} WHERE id = '${customer.accountId}'`);
    session.release();
  }
  await expectCharged(customer, CREDITS, 1);
}, 300_000);

const TRIGGERS_ON = `ALTER TABLE billing.ledger_entries ENABLE ALWAYS TRIGGER ledger_is_append_only;
  ALTER TABLE billing.ledger_entries ENABLE ALWAYS TRIGGER ledger_postings_balance`;
