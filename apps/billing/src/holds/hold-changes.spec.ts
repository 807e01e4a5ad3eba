import { admin, billing, type HoldChange } from '@doitong/contracts';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startBilling, type TestBilling } from '../__fixtures__/start-billing.js';

let service: TestBilling;
beforeAll(async () => {
  service = await startBilling();
});
afterAll(() => service.stop());

const raise = (generationId: string, attemptNumber: number, credits: number) =>
  service.ask(billing.raise, { generationId, attemptNumber, credits });
const lower = (...items: HoldChange[]) => service.ask(billing.lower, { items });
const settle = (generationId: string, outcome: 'CAPTURE' | 'RELEASE', credits: number) =>
  service.ask(billing.settle, { items: [{ generationId, outcome, credits }] });

async function balance(accountId: string) {
  const { credits, held } = await service.ask(billing.account, { accountId });
  return { credits, held };
}

/** An account of 100 credits, 40 of which are held. */
async function holding() {
  const accountId = await service.account(100);
  const generationId = service.ids.next('gen');
  await service.ask(billing.hold, { generationId, accountId, credits: 40 });
  return { accountId, generationId };
}

async function expectBalanced() {
  expect((await service.ask(admin.ledgerVerify, {})).discrepancies).toEqual([]);
}

describe('a raise', () => {
  it('takes what is missing, once however often it is said', async () => {
    const { accountId, generationId } = await holding();
    await Promise.all(Array.from({ length: 20 }, () => raise(generationId, 2, 70)));
    expect(await balance(accountId)).toEqual({ credits: 30, held: 70 });
    await expectBalanced();
  });

  it('never makes a hold smaller', async () => {
    const { accountId, generationId } = await holding();
    await raise(generationId, 2, 10);
    expect(await balance(accountId)).toEqual({ credits: 60, held: 40 });
  });

  it('that the account cannot pay is refused and changes nothing', async () => {
    const { accountId, generationId } = await holding();
    await expect(raise(generationId, 2, 101)).rejects.toMatchObject({ code: 'INSUFFICIENT_CREDITS' });
    expect(await balance(accountId)).toEqual({ credits: 60, held: 40 });
    await raise(generationId, 2, 100);
    expect(await balance(accountId)).toEqual({ credits: 0, held: 100 });
  });

  it('of a suspended account is refused', async () => {
    const { accountId, generationId } = await holding();
    await service.sql(`UPDATE accounts SET status = 'SUSPENDED' WHERE id = $1`, [accountId]);
    await expect(raise(generationId, 2, 41)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    expect(await balance(accountId)).toEqual({ credits: 60, held: 40 });
  });

  it.each(['CAPTURE', 'RELEASE'] as const)('after a %s finds no open hold, and changes nothing', async (outcome) => {
    const { accountId, generationId } = await holding();
    await settle(generationId, outcome, outcome === 'CAPTURE' ? 40 : 0);
    const before = await balance(accountId);
    await expect(raise(generationId, 2, 70)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(await balance(accountId)).toEqual(before);
    await expectBalanced();
  });

  it('many of one account race: none is granted what is not there', async () => {
    const accountId = await service.account(100);
    const ids = Array.from({ length: 10 }, () => service.ids.next('gen'));
    for (const generationId of ids) await service.ask(billing.hold, { generationId, accountId, credits: 5 });
    const raised = await Promise.allSettled(ids.map((generationId) => raise(generationId, 2, 20)));
    expect(raised.filter(({ status }) => status === 'fulfilled')).toHaveLength(3);
    expect(await balance(accountId)).toEqual({ credits: 5, held: 95 });
    await expectBalanced();
  });
});

describe('a lowering', () => {
  it('gives back what is too much, once, and what was raised with it', async () => {
    const { accountId, generationId } = await holding();
    await raise(generationId, 2, 70);
    for (let times = 0; times < 3; times++) await lower({ generationId, attemptNumber: 2, credits: 25 });
    expect(await balance(accountId)).toEqual({ credits: 75, held: 25 });
    await expectBalanced();
  });

  it('never makes a hold greater', async () => {
    const { accountId, generationId } = await holding();
    await lower({ generationId, attemptNumber: 2, credits: 70 });
    expect(await balance(accountId)).toEqual({ credits: 60, held: 40 });
  });

  it('that comes after a later attempt has raised the hold takes nothing from it', async () => {
    const { accountId, generationId } = await holding();
    await raise(generationId, 3, 70);
    await lower({ generationId, attemptNumber: 2, credits: 10 });
    expect(await balance(accountId)).toEqual({ credits: 30, held: 70 });
  });

  it('of what is settled or unknown changes nothing and keeps no other from it', async () => {
    const [settled, open] = [await holding(), await holding()];
    await settle(settled.generationId, 'CAPTURE', 40);
    const items = [settled.generationId, service.ids.next('gen'), open.generationId];
    await lower(...items.map((generationId) => ({ generationId, attemptNumber: 2, credits: 10 })));
    expect(await balance(settled.accountId)).toEqual({ credits: 60, held: 0 });
    expect(await balance(open.accountId)).toEqual({ credits: 90, held: 10 });
    await expectBalanced();
  });
});

it('raises, lowerings and settlements race, and add up: never more is captured than held', async () => {
  const accountId = await service.account(10_000);
  const ids = Array.from({ length: 30 }, () => service.ids.next('gen'));
  await Promise.all(ids.map((generationId) => service.ask(billing.hold, { generationId, accountId, credits: 20 })));
  const outcomes = await Promise.allSettled(
    ids.flatMap((generationId, n) => [
      raise(generationId, 2, 30),
      raise(generationId, 3, 25 + (n % 10)),
      lower({ generationId, attemptNumber: 2, credits: 15 }),
      lower({ generationId, attemptNumber: 3, credits: 10 }),
      settle(generationId, n % 2 ? 'CAPTURE' : 'RELEASE', 10),
    ]),
  );
  const failures = outcomes.flatMap((one) => (one.status === 'rejected' ? [one.reason.code] : []));
  expect(failures.filter((code) => code !== 'NOT_FOUND')).toEqual([]);
  expect(await balance(accountId)).toEqual({ credits: 10_000 - 15 * 10, held: 0 });
  await expectBalanced();
});
