import { admin, billing, type Settlement } from '@doitong/contracts';
import { waitFor } from '@doitong/support';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startBilling, type TestBilling } from '../__fixtures__/start-billing.js';

let service: TestBilling;
beforeAll(async () => {
  service = await startBilling();
});
afterAll(() => service.stop());

const ask: TestBilling['ask'] = (message, body) => service.ask(message, body);
const newGeneration = () => service.ids.next('gen');

async function balance(accountId: string) {
  const { credits, held } = await ask(billing.account, { accountId });
  return { credits, held };
}

async function openHold(accountId: string, credits: number): Promise<string> {
  const generationId = newGeneration();
  await ask(billing.hold, { generationId, accountId, credits });
  return generationId;
}

const capture = (generationId: string, credits: number): Settlement => ({ generationId, outcome: 'CAPTURE', credits });
const release = (generationId: string): Settlement => ({ generationId, outcome: 'RELEASE', credits: 0 });
const settle = (...items: Settlement[]) => ask(billing.settle, { items });

/** The error codes with which some of the promises were rejected. */
async function refusals(all: Promise<unknown>[]): Promise<string[]> {
  const results = await Promise.allSettled(all);
  return results.flatMap((result) => (result.status === 'rejected' ? [result.reason.code] : []));
}

describe('hold', () => {
  it('200 racing holds against credits for 50: exactly 50 succeed and available never goes below 0', async () => {
    const accountId = await service.account(500);
    const refused = await refusals(Array.from({ length: 200 }, () => openHold(accountId, 10)));
    expect(refused).toEqual(Array(150).fill('INSUFFICIENT_CREDITS'));
    expect(await balance(accountId)).toEqual({ credits: 0, held: 500 });
  });

  it('a repeated hold, even 20 at once, changes nothing and returns the first outcome', async () => {
    const accountId = await service.account(100);
    const wanted = { generationId: newGeneration(), accountId, credits: 60 };
    const racing = await Promise.all(Array.from({ length: 20 }, () => ask(billing.hold, wanted)));
    const later = await ask(billing.hold, wanted);
    expect(new Set([...racing, later].map((reply) => reply.expiresAt)).size).toBe(1);
    expect(await balance(accountId)).toEqual({ credits: 40, held: 60 });
  });

  it('a hold that was refused for lack of credits stays refused after a top-up', async () => {
    const accountId = await service.account(5);
    const wanted = { generationId: newGeneration(), accountId, credits: 10 };
    await expect(ask(billing.hold, wanted)).rejects.toMatchObject({
      code: 'INSUFFICIENT_CREDITS',
      message: 'This needs 10 credits; 5 are available.',
    });
    await ask(admin.creditsAdd, { accountId, credits: 100, reference: `after ${wanted.generationId}` });
    await expect(ask(billing.hold, wanted)).rejects.toMatchObject({ code: 'INSUFFICIENT_CREDITS' });
    expect(await balance(accountId)).toEqual({ credits: 105, held: 0 });
  });

  it('a generation has one hold: another amount or account is refused and changes nothing', async () => {
    const [accountId, other] = [await service.account(100), await service.account(100)];
    const generationId = await openHold(accountId, 60);
    const attempts = [
      ask(billing.hold, { generationId, accountId, credits: 10 }),
      ask(billing.hold, { generationId, accountId: other, credits: 60 }),
    ];
    expect(await refusals(attempts)).toEqual(['IDEMPOTENCY_CONFLICT', 'IDEMPOTENCY_CONFLICT']);
    expect(await balance(accountId)).toEqual({ credits: 40, held: 60 });
    expect(await balance(other)).toEqual({ credits: 100, held: 0 });
  });

  it('a hold that was released is not taken for granted again', async () => {
    const accountId = await service.account(100);
    const generationId = await openHold(accountId, 60);
    await settle(release(generationId));
    expect(await refusals([ask(billing.hold, { generationId, accountId, credits: 60 })])).toEqual([
      'IDEMPOTENCY_CONFLICT',
    ]);
    expect(await balance(accountId)).toEqual({ credits: 100, held: 0 });
  });

  it('an account that is suspended or unknown gets no hold', async () => {
    const accountId = await service.account(100);
    await service.sql(`UPDATE accounts SET status = 'SUSPENDED' WHERE id = $1`, [accountId]);
    expect(await refusals([openHold(accountId, 1), openHold(service.ids.next('acc'), 1)])).toEqual([
      'FORBIDDEN',
      'NOT_FOUND',
    ]);
  });

  it('a generation that costs nothing is held and captured without a ledger entry', async () => {
    const accountId = await service.account(0);
    const generationId = await openHold(accountId, 0);
    await settle(capture(generationId, 0));
    expect(await service.sql('SELECT FROM ledger_entries WHERE reference = $1', [generationId])).toEqual([]);
  });
});

describe('settle', () => {
  it('a capture takes what was used, gives back the rest and is posted once, both sides', async () => {
    const accountId = await service.account(100);
    const generationId = await openHold(accountId, 60);
    expect(await settle(capture(generationId, 45))).toEqual({ unknown: [] });
    expect(await balance(accountId)).toEqual({ credits: 55, held: 0 });
    const entries = await service.sql(
      'SELECT kind, ledger_account, credits::int FROM ledger_entries WHERE reference = $1 ORDER BY credits',
      [generationId],
    );
    expect(entries).toEqual([
      { kind: 'CAPTURE', ledger_account: accountId, credits: -45 },
      { kind: 'CAPTURE', ledger_account: 'house:revenue', credits: 45 },
    ]);
  });

  it('a repeated settle changes nothing, also when it says otherwise', async () => {
    const accountId = await service.account(100);
    const [captured, released] = [await openHold(accountId, 60), await openHold(accountId, 30)];
    await settle(capture(captured, 60), release(released));
    await settle(capture(captured, 60), release(released));
    await settle(release(captured), capture(released, 30));
    const open = await openHold(accountId, 5);
    await settle(release(captured), capture(released, 30), capture(open, 5));
    expect(await balance(accountId)).toEqual({ credits: 35, held: 0 });
  });

  it('a batch with a capture and a release of the same hold resolves it once, as the first says', async () => {
    const accountId = await service.account(100);
    const [first, second] = [await openHold(accountId, 40), await openHold(accountId, 30)];
    await settle(capture(first, 40), release(second), release(first), capture(second, 30));
    expect(await balance(accountId)).toEqual({ credits: 60, held: 0 });
  });

  it('a capture never takes more than was held', async () => {
    const accountId = await service.account(100);
    await settle(capture(await openHold(accountId, 60), 90));
    expect(await balance(accountId)).toEqual({ credits: 40, held: 0 });
  });

  it('generations without a hold are reported and keep no other from being resolved', async () => {
    const accountId = await service.account(100);
    const [known, unknown] = [await openHold(accountId, 60), newGeneration()];
    expect(await settle(capture(unknown, 5), capture(known, 60))).toEqual({ unknown: [unknown] });
    expect(await balance(accountId)).toEqual({ credits: 40, held: 0 });
  });

  it('holds, repeated holds and overlapping batches of settlements race, and add up', async () => {
    const accounts = await Promise.all(Array.from({ length: 4 }, () => service.account(10_000)));
    const pick = (index: number) => accounts[index % accounts.length]!;
    const holds = await Promise.all(Array.from({ length: 120 }, (_, index) => openHold(pick(index), 10)));
    const repeatHold = (index: number) =>
      ask(billing.hold, { generationId: holds[index]!, accountId: pick(index), credits: 10 }).catch((error) => {
        expect(error.code).toBe('IDEMPOTENCY_CONFLICT');
      });
    const settleSome = (round: number) => {
      const some = holds.map((id, index) => ((index + round) % 2 ? capture(id, 10) : release(id)));
      const overlapping = some.filter((_, index) => Math.abs(index - round * 5) < 20);
      return settle(...(round % 2 ? overlapping : overlapping.reverse()));
    };
    const work = Array.from({ length: 24 }, (_, round) => [
      ...Array.from({ length: 5 }, (_, index) => repeatHold(round * 5 + index)),
      settleSome(round),
      openHold(pick(round), 1),
      ...Array.from({ length: 5 }, (_, index) => repeatHold(119 - round * 5 - index)),
    ]);
    await Promise.all(work.flat());

    const balances = await Promise.all(accounts.map(balance));
    expect(balances.map(({ held }) => held)).toEqual([6, 6, 6, 6]);
    const { capturedCredits, discrepancies } = await ask(admin.ledgerVerify, {});
    expect(discrepancies).toEqual([]);
    expect(capturedCredits).toBeGreaterThan(0);
  });

  it('a settlement that waits for an account has no hold locked, so that nothing can wait in a circle', async () => {
    const accountId = await service.account(100);
    const generationId = await openHold(accountId, 60);
    // A hold of the same generation would do so: first the account, then the row of the hold.
    const client = await service.pool.connect();
    try {
      await client.query('BEGIN');
      await client.query('SELECT FROM accounts WHERE id = $1 FOR UPDATE', [accountId]);
      const settled = settle(capture(generationId, 60));
      await waitFor(async () => {
        const waiting = 'SELECT FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid))';
        expect((await client.query(waiting)).rows).toHaveLength(1);
      });
      await client.query('SELECT FROM holds WHERE generation_id = $1 FOR UPDATE NOWAIT', [generationId]);
      await client.query('COMMIT');
      await settled;
    } finally {
      // What a failure has left open ends with its connection.
      client.release(true);
    }
    expect(await balance(accountId)).toEqual({ credits: 40, held: 0 });
  });
});
