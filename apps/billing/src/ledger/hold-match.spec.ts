import { admin, billing, type GenerationStatus, generations, type RequestOf } from '@doitong/contracts';
import { eventually, waitFor } from '@doitong/support';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Subscription } from '@nats-io/transport-node';
import { startBilling, type TestBilling } from '../__fixtures__/start-billing.js';

let service: TestBilling;
let metricsUrl: string;
beforeAll(async () => {
  service = await startBilling({ VERIFY_SECONDS: '1', SWEEP_MS: '3600000' });
  metricsUrl = `${(await service.startReplica()).managementUrl}/metrics`;
});
afterAll(() => service.stop());

interface Known {
  id: string;
  accountId: string;
  status: GenerationStatus;
  creditCost: number;
}

/** Stands in for the generations service, with these generations and no others; all that have ended were told to billing. */
const all: Known[] = [];
let standIns: Subscription[] = [];
beforeAll(() => {
  const { connection } = service.bus;
  standIns = [
    connection.subscribe(generations.statuses.subject, {
      callback: (_, message) => {
        const { ids } = message.json<RequestOf<typeof generations.statuses>>();
        const statusOf = (id: string) => all.find((one) => one.id === id);
        const statuses = ids.map((id) => ({
          id,
          status: statusOf(id)?.status ?? null,
          creditCost: statusOf(id)?.creditCost ?? null,
        }));
        message.respond(JSON.stringify({ statuses }));
      },
    }),
    connection.subscribe(generations.settled.subject, {
      callback: (_, message) => {
        const { after } = message.json<RequestOf<typeof generations.settled>>();
        // One a page, so that the pages are gone through.
        const [next] = all.filter(({ id }) => id > (after ?? '')).sort((one, other) => (one.id < other.id ? -1 : 1));
        const ended = next && ['COMPLETED', 'FAILED', 'CANCELLED'].includes(next.status);
        message.respond(JSON.stringify({ generations: ended ? [next] : [], next: next?.id ?? null }));
      },
    }),
  ];
});
afterAll(() => {
  for (const standIn of standIns) standIn.unsubscribe();
});
/** Again when NATS or this process stood still for so long that the stand-in had no time to answer. */
const verify = () =>
  eventually(async () => {
    const verdict = await service.ask(admin.ledgerVerify, {});
    return verdict.matched && verdict;
  });

async function held(credits: number, outcome?: 'CAPTURE' | 'RELEASE'): Promise<{ accountId: string; id: string }> {
  const accountId = await service.account(credits);
  const id = service.ids.next('gen');
  await service.ask(billing.hold, { generationId: id, accountId, credits });
  if (outcome) await service.ask(billing.settle, { items: [{ generationId: id, outcome, credits }] });
  return { accountId, id };
}

async function known(status: GenerationStatus, credits: number, outcome?: 'CAPTURE' | 'RELEASE'): Promise<Known> {
  const creditCost = status === 'FAILED' || status === 'CANCELLED' ? 0 : credits;
  const generation = { ...(await held(credits, outcome)), status, creditCost };
  all.push(generation);
  return generation;
}

/** What was damaged is found, and nothing is once it was undone. */
async function expectFound(damage: () => unknown, repair: () => unknown, ...found: unknown[]): Promise<void> {
  await damage();
  const { balanced, matched, discrepancies } = await verify();
  await repair();
  expect({ balanced, matched, discrepancies }).toEqual({ balanced: false, matched: true, discrepancies: found });
  expect(await verify()).toMatchObject({ balanced: true, discrepancies: [] });
}

it('what matches is no discrepancy: running, settled, and never accepted', async () => {
  await known('QUEUED', 10);
  await known('PROCESSING', 10);
  await known('COMPLETED', 10, 'CAPTURE');
  await known('FAILED', 10, 'RELEASE');
  await known('CANCELLED', 10, 'RELEASE');
  Object.assign(await known('CANCELLED', 10, 'CAPTURE'), { creditCost: 10 });
  await held(10);
  await held(10, 'RELEASE');
  expect(await verify()).toMatchObject({ balanced: true, matched: true, discrepancies: [] });
});

it('a capture that was lost whole is found, though the books add up without it', async () => {
  const generation = await known('PROCESSING', 10);
  await expectFound(
    () => Object.assign(generation, { status: 'COMPLETED' }),
    () => service.ask(billing.settle, { items: [{ generationId: generation.id, outcome: 'CAPTURE', credits: 10 }] }),
    `${generation.id} is COMPLETED for 10, its hold OPEN with 0 captured`,
  );
});

it('a capture for a generation that did not complete, or at another price, is found', async () => {
  const generation = await known('COMPLETED', 10, 'CAPTURE');
  await expectFound(
    () => Object.assign(generation, { status: 'FAILED', creditCost: 0 }),
    () => Object.assign(generation, { status: 'COMPLETED', creditCost: 10 }),
    `${generation.id} is FAILED for 0, its hold CAPTURED with 10 captured`,
  );
  await expectFound(
    () => Object.assign(generation, { creditCost: 9 }),
    () => Object.assign(generation, { creditCost: 10 }),
    `${generation.id} is COMPLETED for 9, its hold CAPTURED with 10 captured`,
  );
  await expectFound(
    () => all.splice(all.indexOf(generation), 1),
    () => all.push(generation),
    `${generation.id} is unknown, its hold CAPTURED with 10 captured`,
  );
});

it('a cancellation that is charged and was given back, or the other way round, is found', async () => {
  const [charged, free] = [await known('CANCELLED', 10, 'RELEASE'), await known('CANCELLED', 10, 'CAPTURE')];
  free.creditCost = 10;
  await expectFound(
    () => Object.assign(charged, { creditCost: 10 }),
    () => Object.assign(charged, { creditCost: 0 }),
    `${charged.id} is CANCELLED for 10, its hold RELEASED with 0 captured`,
  );
  await expectFound(
    () => Object.assign(free, { creditCost: 0 }),
    () => Object.assign(free, { creditCost: 10 }),
    `${free.id} is CANCELLED for 0, its hold CAPTURED with 10 captured`,
  );
});

it('a generation without a hold, with one that was released, or with another account’s is found', async () => {
  const generation = await known('PROCESSING', 10, 'RELEASE');
  const other = {
    id: service.ids.next('gen'),
    accountId: generation.accountId,
    status: 'FAILED',
    creditCost: 0,
  } as const;
  all.push(other);
  const { discrepancies } = await verify();
  expect(discrepancies).toEqual([
    `${other.id} is FAILED for 0, its hold missing`,
    `${generation.id} is PROCESSING for 10, its hold RELEASED with 0 captured`,
  ]);
  all.splice(-2);
  const accountId = service.ids.next('acc');
  const mine = await known('COMPLETED', 10, 'CAPTURE');
  const owner = mine.accountId;
  await expectFound(
    () => Object.assign(mine, { accountId }),
    () => Object.assign(mine, { accountId: owner }),
    `${mine.id} is COMPLETED for 10, its hold CAPTURED with 10 captured, of ${owner} and not ${accountId}`,
  );
});

it('a hold that is open for long without a generation is found: the sweeper should have released it', async () => {
  const { id } = await held(10);
  const createdAt = (age: string) =>
    service.sql(`UPDATE holds SET created_at = now() - interval '${age}' WHERE generation_id = $1`, [id]);
  await expectFound(
    () => createdAt('1 hour'),
    () => createdAt('0'),
    `${id} is unknown, its hold OPEN with 0 captured`,
  );
});

it('is done by the clock too, and told by a metric', async () => {
  const metric = async () => {
    const text = await (await fetch(metricsUrl)).text();
    return /^ledger_discrepancies\{.*\} (.*)$/m.exec(text)?.[1];
  };
  const generation = await known('COMPLETED', 10, 'CAPTURE');
  await waitFor(async () => expect(await metric()).toBe('0'));
  generation.creditCost = 9;
  await waitFor(async () => expect(await metric()).toBe('1'));
  generation.creditCost = 10;
  await waitFor(async () => expect(await metric()).toBe('0'));
});
