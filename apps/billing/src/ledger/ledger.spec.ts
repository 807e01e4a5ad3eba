import { admin, billing } from '@doitong/contracts';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startBilling, type TestBilling } from '../__fixtures__/start-billing.js';

let service: TestBilling;
beforeAll(async () => {
  service = await startBilling();
});
afterAll(() => service.stop());

const verify = () => service.ask(admin.ledgerVerify, {});
const topUp = (accountId: string, credits: number, reference: string) =>
  service.ask(admin.creditsAdd, { accountId, credits, reference });

describe('admin.credits.add', () => {
  it('a top-up is posted once for its reference, however often it is sent', async () => {
    const accountId = await service.account(100);
    await Promise.all(Array.from({ length: 10 }, () => topUp(accountId, 50, 'invoice 1')));
    expect(await topUp(accountId, 50, 'invoice 1')).toEqual({
      id: accountId,
      name: 'Test',
      plan: 'PRO',
      credits: 150,
      held: 0,
    });
  });

  it('a reference of another account or amount is refused and changes nothing', async () => {
    const [accountId, other] = [await service.account(0), await service.account(0)];
    await topUp(accountId, 50, 'invoice 2');
    await expect(topUp(accountId, 60, 'invoice 2')).rejects.toMatchObject({ code: 'IDEMPOTENCY_CONFLICT' });
    await expect(topUp(other, 50, 'invoice 2')).rejects.toMatchObject({ code: 'IDEMPOTENCY_CONFLICT' });
    expect((await service.ask(billing.account, { accountId })).credits).toBe(50);
    expect((await service.ask(billing.account, { accountId: other })).credits).toBe(0);
  });

  it('nothing, or more than can be counted, cannot be added; nor to an account that does not exist', async () => {
    const accountId = await service.account(1);
    await expect(topUp(accountId, 0, 'nothing')).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    await expect(topUp(accountId, Number.MAX_SAFE_INTEGER, 'all')).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    await expect(topUp(service.ids.next('acc'), 1, 'nobody')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

describe('the ledger table', () => {
  it.each([
    'UPDATE ledger_entries SET credits = 1',
    'DELETE FROM ledger_entries',
    'TRUNCATE ledger_entries',
    `INSERT INTO ledger_entries (kind, reference, ledger_account, credits) VALUES ('TOP_UP', 'one-sided', 'acc_1', 5)`,
    `INSERT INTO ledger_entries (kind, reference, ledger_account, credits)
     VALUES ('TOP_UP', 'lopsided', 'acc_1', 5), ('TOP_UP', 'lopsided', 'house:top-ups', -4)`,
  ])('refuses %s, also to a session that plays replica', async (statement) => {
    await service.account(10);
    const before = await verify();
    await expect(service.sql(statement)).rejects.toThrow(/only ever added|does not balance/);
    await expect(service.sql(`SET session_replication_role = replica; ${statement}`)).rejects.toThrow(
      /only ever added|does not balance/,
    );
    expect(await verify()).toEqual(before);
  });
});

describe('admin.ledger.verify', () => {
  async function captured(credits: number) {
    const accountId = await service.account(credits);
    const generationId = service.ids.next('gen');
    await service.ask(billing.hold, { generationId, accountId, credits });
    await service.ask(billing.settle, { items: [{ generationId, outcome: 'CAPTURE', credits }] });
    return { accountId, generationId };
  }

  /** Damage done behind the service's back, with the table's own defences off, is found; once undone, all is well. */
  async function expectFound(damage: string, repair: string, ...found: unknown[]): Promise<void> {
    const unguarded = (statement: string) =>
      service.sql(`ALTER TABLE ledger_entries DISABLE TRIGGER USER; ${statement};
        ALTER TABLE ledger_entries ENABLE ALWAYS TRIGGER ledger_is_append_only;
        ALTER TABLE ledger_entries ENABLE ALWAYS TRIGGER ledger_postings_balance`);
    await unguarded(damage);
    const { balanced, discrepancies } = await verify();
    await unguarded(repair);
    expect(balanced).toBe(false);
    expect(discrepancies).toEqual(found);
    expect(await verify()).toMatchObject({ balanced: true, discrepancies: [] });
  }

  it('counts what is there, and finds nothing wrong where nothing is', async () => {
    const before = await verify();
    const { accountId } = await captured(30);
    await topUp(accountId, 5, `open of ${accountId}`);
    await service.ask(billing.hold, { generationId: service.ids.next('gen'), accountId, credits: 5 });
    expect(await verify()).toEqual({
      balanced: true,
      entries: before.entries + 6,
      openHolds: before.openHolds + 1,
      capturedCredits: before.capturedCredits + 30,
      discrepancies: [],
    });
  });

  it('finds a corrupted balance', async () => {
    const accountId = await service.account(10);
    await expectFound(
      `UPDATE accounts SET available = 11 WHERE id = '${accountId}'`,
      `UPDATE accounts SET available = 10 WHERE id = '${accountId}'`,
      `account ${accountId} has 11 available and 0 held, its entries sum to 10`,
    );
  });

  it('finds held credits that no hold explains', async () => {
    const accountId = await service.account(10);
    await expectFound(
      `UPDATE accounts SET available = 7, held = 3 WHERE id = '${accountId}'`,
      `UPDATE accounts SET available = 10, held = 0 WHERE id = '${accountId}'`,
      `account ${accountId} has 3 held, its open holds sum to 0`,
    );
  });

  it('finds a lost capture', async () => {
    const { accountId, generationId } = await captured(20);
    await expectFound(
      `DELETE FROM ledger_entries WHERE reference = '${generationId}'`,
      `INSERT INTO ledger_entries (kind, reference, ledger_account, credits) VALUES
         ('CAPTURE', '${generationId}', '${accountId}', -20), ('CAPTURE', '${generationId}', 'house:revenue', 20)`,
      `account ${accountId} has 0 available and 0 held, its entries sum to 20`,
      `${generationId} was captured with 20, its entry says nothing`,
    );
  });

  it('finds a capture that no hold stands for, such as a duplicate under another reference', async () => {
    const { accountId } = await captured(20);
    await expectFound(
      `INSERT INTO ledger_entries (kind, reference, ledger_account, credits) VALUES
         ('CAPTURE', 'again', '${accountId}', -20), ('CAPTURE', 'again', 'house:revenue', 20)`,
      `DELETE FROM ledger_entries WHERE reference = 'again'`,
      `account ${accountId} has 0 available and 0 held, its entries sum to -20`,
      expect.stringMatching(`^entry [0-9]+ takes 20 from ${accountId} for again, which has no captured hold$`),
    );
  });

  it('finds an entry that lost its other side, and one of an account that does not exist', async () => {
    await expectFound(
      `INSERT INTO ledger_entries (kind, reference, ledger_account, credits) VALUES ('TOP_UP', 'half', 'acc_nobody', 5)`,
      `DELETE FROM ledger_entries WHERE reference = 'half'`,
      'all entries together are 5, not 0',
      'posting TOP_UP half sums to 5, not 0',
      expect.stringMatching(/^entry [0-9]+ is of acc_nobody, which does not exist$/),
    );
  });
});
