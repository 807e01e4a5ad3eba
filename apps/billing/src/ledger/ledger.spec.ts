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

async function captured(credits: number) {
  const accountId = await service.account(credits);
  const generationId = service.ids.next('gen');
  await service.ask(billing.hold, { generationId, accountId, credits });
  await service.ask(billing.settle, { items: [{ generationId, outcome: 'CAPTURE', credits }] });
  return { accountId, generationId };
}

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

describe('admin.credits.adjust', () => {
  const adjust = (accountId: string, credits: number, reference: string, reason = 'by hand') =>
    service.ask(admin.creditsAdjust, { accountId, credits, reference, reason });

  it('gives and takes, once for its reference, and never more than is spendable', async () => {
    const accountId = await service.account(100);
    await service.ask(billing.hold, { generationId: service.ids.next('gen'), accountId, credits: 60 });
    await Promise.all(Array.from({ length: 10 }, () => adjust(accountId, -30, 'down')));
    await expect(adjust(accountId, -11, 'too far')).rejects.toMatchObject({
      code: 'INSUFFICIENT_CREDITS',
      message: 'This takes 11 credits; 10 are available.',
    });
    await adjust(accountId, 5, 'up');
    const { entries } = await service.ask(admin.billingAudit, { accountId, first: 10 });
    expect(entries.map(({ action, before, after }) => [action, before?.credits, after?.credits])).toEqual([
      ['credits.adjust', 10, 15],
      ['credits.adjust', 40, 10],
      ['account.create', undefined, 100],
    ]);
    expect(await adjust(accountId, -30, 'down')).toMatchObject({ credits: 15, held: 60 });
    expect((await verify()).discrepancies).toEqual([]);
  });

  it('a reference of another account, amount or reason is refused; so are 0 and an account that does not exist', async () => {
    const [accountId, other] = [await service.account(100), await service.account(100)];
    await adjust(accountId, -30, 'mine');
    const refused = [
      adjust(other, -30, 'mine'),
      adjust(accountId, 30, 'mine'),
      adjust(accountId, -30, 'mine', 'another reason'),
      adjust(accountId, 0, 'zero'),
      adjust(service.ids.next('acc'), -1, 'nobody'),
    ];
    const codes = (await Promise.allSettled(refused)).map((one) => one.status === 'rejected' && one.reason.code);
    expect(codes).toEqual([...Array(3).fill('IDEMPOTENCY_CONFLICT'), 'INVALID_INPUT', 'NOT_FOUND']);
    expect((await service.ask(billing.account, { accountId })).credits).toBe(70);
  });
});

describe('admin.credits.refund', () => {
  const refund = (generationId: string, credits?: number) =>
    service.ask(admin.creditsRefund, { generationId, reason: 'was blurred', ...(credits && { credits }) });

  it('gives back what a generation cost, once, and never more', async () => {
    const { accountId, generationId } = await captured(60);
    await expect(refund(generationId, 61)).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    await Promise.all(Array.from({ length: 10 }, () => refund(generationId, 20)));
    expect(await refund(generationId, 20)).toMatchObject({ id: accountId, credits: 20, held: 0 });
    await expect(refund(generationId)).rejects.toMatchObject({ code: 'IDEMPOTENCY_CONFLICT' });
    expect(await refund((await captured(7)).generationId)).toMatchObject({ credits: 7 });
    expect((await verify()).discrepancies).toEqual([]);
  });

  it('gives nothing for what was released, or is not known', async () => {
    const accountId = await service.account(10);
    const generationId = service.ids.next('gen');
    await service.ask(billing.hold, { generationId, accountId, credits: 10 });
    await service.ask(billing.settle, { items: [{ generationId, outcome: 'RELEASE', credits: 0 }] });
    await expect(refund(generationId)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(refund(service.ids.next('gen'))).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

describe('the transactions of an account', () => {
  it('are told newest first, a page at a time, to operators as to the account', async () => {
    const { accountId, generationId } = await captured(60);
    await service.ask(admin.creditsRefund, { generationId, reason: 'was blurred' });
    const taken = { accountId, credits: -5, reference: `history of ${accountId}`, reason: 'wrong account' };
    await service.ask(admin.creditsAdjust, taken);
    const first = await service.ask(billing.transactions, { accountId, first: 2 });
    const rest = await service.ask(admin.creditsHistory, { accountId, first: 2, after: first.transactions[1]!.id });
    const seen = [...first.transactions, ...rest.transactions];
    expect([first.more, rest.more]).toEqual([true, false]);
    expect(seen.map(({ kind, reference, credits, reason }) => [kind, reference, credits, reason])).toEqual([
      ['ADJUSTMENT', taken.reference, -5, 'wrong account'],
      ['REFUND', generationId, 60, 'was blurred'],
      ['CAPTURE', generationId, -60, null],
      ['TOP_UP', accountId, 60, null],
    ]);
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
      matched: false,
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
      `account ${accountId} has 11 available and 0 held, its grants have 10 left`,
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

  it('finds a corrupted grant, one that no entry explains, and one that is missing', async () => {
    const accountId = await service.account(10);
    await expectFound(
      `UPDATE grants SET remaining = 9 WHERE account_id = '${accountId}'`,
      `UPDATE grants SET remaining = 10 WHERE account_id = '${accountId}'`,
      `account ${accountId} has 10 available and 0 held, its grants have 9 left`,
    );
    await expectFound(
      `INSERT INTO grants (account_id, kind, reference, credits, remaining, priority) VALUES ('${accountId}', 'TOP_UP', 'forged', 5, 0, 1)`,
      `DELETE FROM grants WHERE reference = 'forged'`,
      expect.stringMatching(`^grant [0-9]+ gave 5 to ${accountId}, its entry says nothing$`),
    );
    await expectFound(
      `UPDATE grants SET reference = 'elsewhere' WHERE account_id = '${accountId}'`,
      `UPDATE grants SET reference = '${accountId}' WHERE account_id = '${accountId}'`,
      expect.stringMatching(`^grant [0-9]+ gave 10 to ${accountId}, its entry says nothing$`),
      expect.stringMatching(`^entry [0-9]+ gives 10 to ${accountId}, which has no grant of it$`),
    );
  });

  it('finds an expiry that nobody would come for', async () => {
    const accountId = await service.account(0);
    const expiresAt = '2999-01-01T00:00:00Z';
    await service.ask(admin.creditsAdd, { accountId, credits: 5, reference: `to forget ${accountId}`, expiresAt });
    await expectFound(
      `UPDATE accounts SET next_expiry_at = NULL WHERE id = '${accountId}'`,
      `UPDATE accounts SET next_expiry_at = '${expiresAt}' WHERE id = '${accountId}'`,
      expect.stringMatching(`^account ${accountId} has a grant that expires at 2999-01-01`),
    );
  });

  it('finds more given back than was captured', async () => {
    const { generationId } = await captured(20);
    await service.ask(admin.creditsRefund, { generationId, reason: 'test' });
    await expectFound(
      `UPDATE holds SET captured_credits = 19 WHERE generation_id = '${generationId}'`,
      `UPDATE holds SET captured_credits = 20 WHERE generation_id = '${generationId}'`,
      `${generationId} was captured with 19, its entry says 20`,
      `20 was given back for ${generationId}, of which 19 were captured`,
    );
  });

  it('finds an entry that lost its other side, and one of an account that does not exist', async () => {
    await expectFound(
      `INSERT INTO ledger_entries (kind, reference, ledger_account, credits) VALUES ('TOP_UP', 'half', 'acc_nobody', 5)`,
      `DELETE FROM ledger_entries WHERE reference = 'half'`,
      'all entries together are 5, not 0',
      'posting TOP_UP half sums to 5, not 0',
      expect.stringMatching(/^entry [0-9]+ gives 5 to acc_nobody, which has no grant of it$/),
      expect.stringMatching(/^entry [0-9]+ is of acc_nobody, which does not exist$/),
    );
  });
});
