import { admin, billing, type RequestOf } from '@doitong/contracts';
import { migrate } from '@doitong/service-kit';
import { createTestDatabase, waitFor } from '@doitong/support';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { startBilling, type TestBilling } from '../__fixtures__/start-billing.js';
import { persistence } from '../persistence.js';

let service: TestBilling;
beforeAll(async () => {
  // The sweeper stays away: what is said of expiry holds without it.
  service = await startBilling({ SWEEP_MS: '3600000' });
});
afterAll(() => service.stop());

const ask: TestBilling['ask'] = (message, body) => service.ask(message, body);
const SOON = new Date(Date.now() + 3_600_000).toISOString();
const LATER = new Date(Date.now() + 7_200_000).toISOString();

let many = 0;
/** Gives credits; the reference by which `left` knows them. */
async function give(accountId: string, credits: number, terms: Partial<RequestOf<typeof admin.creditsAdd>> = {}) {
  const reference = `grant ${++many}`;
  await ask(admin.creditsAdd, { accountId, credits, reference, ...terms });
  return reference;
}

/** Its time is up, this moment. */
async function runOut(accountId: string, reference: string, of = service): Promise<void> {
  await of.sql('UPDATE grants SET expires_at = now() WHERE reference = $1', [reference]);
  await of.sql('UPDATE accounts SET next_expiry_at = now() WHERE id = $1', [accountId]);
}

async function hold(accountId: string, credits: number): Promise<string> {
  const generationId = service.ids.next('gen');
  await ask(billing.hold, { generationId, accountId, credits });
  return generationId;
}
const capture = (generationId: string, credits: number) =>
  ask(billing.settle, { items: [{ generationId, outcome: 'CAPTURE', credits }] });
const release = (generationId: string) =>
  ask(billing.settle, { items: [{ generationId, outcome: 'RELEASE', credits: 0 }] });

const spend = async (accountId: string, credits: number) => capture(await hold(accountId, credits), credits);

/** What is left of each grant, in the order in which they are used up. */
async function left(accountId: string): Promise<[string, number][]> {
  const { grants } = await ask(billing.grants, { accountId });
  return grants.map(({ reference, remaining }) => [reference, remaining]);
}

async function balance(accountId: string) {
  const { credits, held } = await ask(billing.account, { accountId });
  return { credits, held };
}

async function expired(accountId: string): Promise<number> {
  const { transactions } = await ask(billing.transactions, { accountId, first: 100 });
  return transactions.filter(({ kind }) => kind === 'EXPIRY').reduce((sum, { credits }) => sum - credits, 0);
}

const expectSound = async () => expect((await ask(admin.ledgerVerify, {})).discrepancies).toEqual([]);

describe('credits are used up', () => {
  it('by priority, then the sooner expiry, then the older grant', async () => {
    const accountId = await service.account(0);
    const [old, young] = [await give(accountId, 10), await give(accountId, 10)];
    const later = await give(accountId, 10, { expiresAt: LATER });
    const soon = await give(accountId, 10, { expiresAt: SOON });
    const promotion = await give(accountId, 10, { kind: 'PROMOTION' });
    const first = await give(accountId, 10, { priority: 1 });
    const order = [first, promotion, soon, later, old, young];
    expect(await left(accountId)).toEqual(order.map((reference) => [reference, 10]));

    await spend(accountId, 25);
    expect(await left(accountId)).toEqual([[soon, 5], ...order.slice(3).map((reference) => [reference, 10])]);
    await spend(accountId, 30);
    expect(await left(accountId)).toEqual([[young, 5]]);
    await expectSound();
  });

  it('when they are captured, not when they are held; of many accounts in one batch, each its own', async () => {
    const accounts = await Promise.all([1, 2, 3].map(() => service.account(0)));
    for (const accountId of accounts) await give(accountId, 100);
    const ids = await Promise.all(accounts.map((accountId) => hold(accountId, 30)));
    expect((await Promise.all(accounts.map(left))).flat().map(([, remaining]) => remaining)).toEqual([100, 100, 100]);
    const items = ids.map((generationId, n) => ({ generationId, outcome: 'CAPTURE' as const, credits: 10 * n }));
    await ask(billing.settle, { items });
    expect((await Promise.all(accounts.map(left))).flat().map(([, remaining]) => remaining)).toEqual([100, 90, 80]);
    await expectSound();
  });
});

describe('a grant whose time is up', () => {
  it('pays for nothing from that moment on, also before the sweeper comes', async () => {
    const accountId = await service.account(5);
    const promotion = await give(accountId, 100, { kind: 'PROMOTION', expiresAt: SOON });
    await spend(accountId, 40);
    await runOut(accountId, promotion);
    await expect(hold(accountId, 6)).rejects.toMatchObject({ code: 'INSUFFICIENT_CREDITS' });
    await hold(accountId, 5);
    expect(await balance(accountId)).toEqual({ credits: 0, held: 5 });
    expect(await expired(accountId)).toBe(60);
    await expectSound();
  });

  it('cannot be taken by an adjustment, nor raise a hold', async () => {
    const accountId = await service.account(5);
    const generationId = await hold(accountId, 5);
    const grant = await give(accountId, 100, { expiresAt: SOON, priority: 200 });
    await runOut(accountId, grant);
    await expect(ask(billing.raise, { generationId, attemptNumber: 2, credits: 6 })).rejects.toMatchObject({
      code: 'INSUFFICIENT_CREDITS',
    });
    const again = await give(accountId, 100, { expiresAt: SOON });
    await runOut(accountId, again);
    const taking = { accountId, credits: -6, reference: `take from ${accountId}`, reason: 'test' };
    await expect(ask(admin.creditsAdjust, taking)).rejects.toMatchObject({ code: 'INSUFFICIENT_CREDITS' });
    await expectSound();
  });

  it('keeps what is held of it: it can still be captured, and what is released is taken back', async () => {
    const accountId = await service.account(0);
    const grant = await give(accountId, 100, { expiresAt: SOON });
    const [captured, partly, released] = [
      await hold(accountId, 10),
      await hold(accountId, 20),
      await hold(accountId, 30),
    ];
    await runOut(accountId, grant);
    await expect(hold(accountId, 1)).rejects.toMatchObject({ code: 'INSUFFICIENT_CREDITS' });
    expect([await balance(accountId), await expired(accountId)]).toEqual([{ credits: 0, held: 60 }, 40]);

    await capture(captured, 10);
    await capture(partly, 5);
    await expect(hold(accountId, 1)).rejects.toMatchObject({ code: 'INSUFFICIENT_CREDITS' });
    expect([await balance(accountId), await expired(accountId)]).toEqual([{ credits: 0, held: 30 }, 55]);

    await release(released);
    await expect(hold(accountId, 1)).rejects.toMatchObject({ code: 'INSUFFICIENT_CREDITS' });
    expect([await balance(accountId), await expired(accountId)]).toEqual([{ credits: 0, held: 0 }, 85]);
    expect(await left(accountId)).toEqual([]);
    await expectSound();
  });

  it('goes wholly while grants that are used up before it cover what is held', async () => {
    const accountId = await service.account(0);
    const first = await give(accountId, 50, { priority: 1 });
    const second = await give(accountId, 50, { expiresAt: SOON });
    const held = await hold(accountId, 50);
    await runOut(accountId, second);
    await expect(hold(accountId, 1)).rejects.toMatchObject({ code: 'INSUFFICIENT_CREDITS' });
    expect([await left(accountId), await expired(accountId)]).toEqual([[[first, 50]], 50]);
    await release(held);
    expect(await balance(accountId)).toEqual({ credits: 50, held: 0 });
    await expectSound();
  });

  it('a hold while others race with the expiry: nothing is spent twice, nothing expires twice', async () => {
    const accountId = await service.account(200);
    const grant = await give(accountId, 200, { kind: 'PROMOTION', expiresAt: SOON });
    const early = await Promise.all(Array.from({ length: 10 }, () => hold(accountId, 10)));
    await runOut(accountId, grant);
    const late = await Promise.allSettled(
      Array.from({ length: 40 }, (_, n) => (n < 10 ? capture(early[n]!, 10) : hold(accountId, 10))),
    );
    expect(late.filter(({ status }) => status === 'fulfilled')).toHaveLength(10 + 20);
    await expect(hold(accountId, 1)).rejects.toMatchObject({ code: 'INSUFFICIENT_CREDITS' });
    expect(await balance(accountId)).toEqual({ credits: 0, held: 200 });
    expect(await expired(accountId)).toBe(100);
    await expectSound();
  });
});

it('the sweeper takes back what is left, so that the balance shows it', async () => {
  const swept = await startBilling({ SWEEP_MS: '50' });
  try {
    const accountId = await swept.account(5);
    await swept.ask(admin.creditsAdd, { accountId, credits: 10, reference: 'short', expiresAt: SOON });
    expect((await swept.ask(billing.account, { accountId })).credits).toBe(15);
    await runOut(accountId, 'short', swept);
    await waitFor(async () => expect((await swept.ask(billing.account, { accountId })).credits).toBe(5));
  } finally {
    await swept.stop();
  }
});

it('balances from before there were grants become grants, their oldest top-ups used up first', async () => {
  const database = await createTestDatabase();
  const before = persistence.migrations.findIndex(({ name }) => name.startsWith('CreateGrants'));
  await migrate({ ...persistence, migrations: persistence.migrations.slice(0, before) }, database.url);
  const pool = new pg.Pool({ connectionString: database.url, options: '-c search_path=billing', max: 1 });
  try {
    await pool.query(`
      INSERT INTO accounts (id, name, plan, available, held) VALUES ('acc_1', 'One', 'PRO', 20, 5), ('acc_2', 'Two', 'PRO', 0, 0);
      INSERT INTO ledger_entries (kind, reference, ledger_account, credits) VALUES
        ('TOP_UP', 'a', 'acc_1', 10), ('TOP_UP', 'a', 'house:top-ups', -10),
        ('TOP_UP', 'b', 'acc_1', 30), ('TOP_UP', 'b', 'house:top-ups', -30),
        ('TOP_UP', 'c', 'acc_2', 7), ('TOP_UP', 'c', 'house:top-ups', -7);
      INSERT INTO ledger_entries (kind, reference, ledger_account, credits) VALUES
        ('CAPTURE', 'x', 'acc_1', -15), ('CAPTURE', 'x', 'house:revenue', 15),
        ('CAPTURE', 'y', 'acc_2', -7), ('CAPTURE', 'y', 'house:revenue', 7)`);
    await migrate(persistence, database.url);
    const { rows } = await pool.query('SELECT reference, remaining::int FROM grants ORDER BY id');
    expect(rows).toEqual([
      { reference: 'a', remaining: 0 },
      { reference: 'b', remaining: 25 },
      { reference: 'c', remaining: 0 },
    ]);
  } finally {
    await pool.end();
    await database.drop();
  }
});
