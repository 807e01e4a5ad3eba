import { type AttemptFailure, billing, generations, type Job, rateLimit, webhooks } from '@doitong/contracts';
import { JobQueue, Logger } from '@doitong/service-kit';
import { waitFor } from '@doitong/support';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { aFamily, aModel, aProvider, aRequest } from '../__fixtures__/manifests.js';
import { FAILURE, type Ids, outputOf, reportsTo } from '../__fixtures__/reports.js';
import { type CreateChanges, startGenerations, type TestGenerations } from '../__fixtures__/start-generations.js';

const UNAVAILABLE: AttemptFailure = {
  ...FAILURE,
  code: 'PROVIDER_UNAVAILABLE',
  kind: 'credential',
  message: 'Not there.',
};
const families = ['oils', 'inks', 'wax'];

let own: TestGenerations;
let reports: ReturnType<typeof reportsTo>;
let jobs: (Job & { family: string })[];
let consumers: { stop(): Promise<void> }[];

/** The best is `oil` for 10 credits, then `ink` for 20, then `wax` for 5; each is of a vendor of its own. */
async function announceAll() {
  const line = (id: string, qualityRank: number, base: number, seconds = 30) =>
    aProvider(id, {
      type: 'IMAGE',
      models: [aModel(`${id}-1`, { qualityRank, price: { base }, expectedSeconds: seconds })],
    });
  await own.announce(aFamily('oils', line('oil', 90, 10), line('gouache', 85, 10)), 'worker-oils');
  await own.announce(aFamily('inks', line('ink', 80, 20, 60)), 'worker-inks');
  await own.announce(aFamily('wax', line('crayon', 70, 5)), 'worker-wax');
}

beforeAll(async () => {
  own = await startGenerations({ SWEEP_MS: '100' });
  reports = reportsTo(own);
});
afterAll(() => own.stop());
beforeEach(async () => {
  await own.clear();
  own.standIns.reset();
  own.standIns.answer(webhooks.enqueue, () => ({}));
  await announceAll();
  jobs = [];
  const queue = new JobQueue(own.connection, new Logger('worker', 'silent'));
  consumers = families.map((family) =>
    queue.consume(family, { concurrency: 50, leaseMs: 600_000 }, async (job) => {
      jobs.push({ family, ...job });
      return 'done';
    }),
  );
});
afterEach(() => Promise.all(consumers.map((consumer) => consumer.stop())));

const freely = (changes: Partial<ReturnType<typeof aRequest>> = {}): CreateChanges => ({
  input: aRequest({ type: 'IMAGE', priority: 'QUALITY', ...changes }),
});

/** A generation whose latest attempt a worker has begun. */
async function begun(changes = freely()): Promise<Ids> {
  const ids = await own.accepted(changes);
  await reports.begin(ids);
  return ids;
}
const fails = (ids: Ids, failure = FAILURE) => reports.failed(ids, 'one', failure);

async function latest({ id }: Ids): Promise<Ids & { number: number; family: string; status: string }> {
  const [row] = await own.sql<{ attemptId: string; number: number; family: string; status: string }>(
    `SELECT id AS "attemptId", number, family, status FROM attempts WHERE generation_id = $1 ORDER BY number DESC LIMIT 1`,
    [id],
  );
  return { id, ...row! };
}
const settled = () => own.standIns.told(billing.settle);

describe('a generation whose model we chose, and that fails for certain', () => {
  it('goes on as the same generation with the next best model', async () => {
    const ids = await begun();
    await reports.progress(ids, 40);
    const before = await reports.get(ids);
    expect(await fails(ids)).toEqual({ live: true });
    const next = await latest(ids);
    expect(next).toMatchObject({ number: 2, family: 'inks', status: 'CREATED' });
    const moved = await reports.get(ids);
    expect(moved).toMatchObject({
      status: 'PROCESSING',
      progress: 40,
      provider: 'ink',
      model: 'ink-1',
      creditCost: 20,
      estimatedTime: 60,
      startedAt: before.startedAt,
      metadata: { adjustments: ['oil (oil-1) rejected the content; the next best was asked.'] },
      routing: { reason: 'best QUALITY of 2 that can do it, after oil rejected the content' },
    });
    expect(moved.version).toBeGreaterThan(before.version);
    expect(moved.routing.candidates).toContainEqual({
      provider: 'oil',
      model: 'oil-1',
      score: null,
      excludedBecause: 'tried, rejected the content',
    });
    await waitFor(() =>
      expect(jobs).toContainEqual({ family: 'inks', attemptId: next.attemptId, generationId: ids.id }),
    );
    const begin = await reports.begin(next);
    expect(begin).toMatchObject({ action: 'submit', job: { model: 'ink-1', expectedSeconds: 60 } });
    await reports.progress(next, 10);
    expect((await reports.get(ids)).progress).toBe(40);
  });

  it('is charged once, at the price of the model that made it; its slot is freed and one webhook sent for each event', async () => {
    const ids = await begun();
    await fails(ids);
    const next = await latest(ids);
    await reports.begin(next);
    await reports.completed(next, 'one', { ...outputOf(next), contentType: 'image/png', format: 'png' });
    await waitFor(() =>
      expect(settled()).toEqual(new Set([{ generationId: ids.id, outcome: 'CAPTURE', credits: 20 }])),
    );
    await waitFor(() => {
      const told = [...own.standIns.told(webhooks.enqueue)].map(({ type }) => type);
      expect(told.sort()).toEqual(['generation.completed', 'generation.processing']);
    });
    await waitFor(() => expect(own.standIns.told(rateLimit.free).size).toBe(1));
    expect(own.standIns.saw(rateLimit.admit)).toHaveLength(1);
    expect(own.standIns.saw(billing.hold)).toHaveLength(1);
    expect(await reports.get(ids)).toMatchObject({ status: 'COMPLETED', creditCost: 20 });
  });

  it('has its hold raised before it moves to a dearer model, and lowered after it moved to a cheaper one', async () => {
    const ids = await begun();
    let at: string | undefined;
    own.standIns.answer(billing.raise, async () => {
      at = (await reports.get(ids)).provider;
      return {};
    });
    await fails(ids);
    expect(at).toBe('oil');
    const dearer = { generationId: ids.id, attemptNumber: 2, credits: 20 };
    expect(own.standIns.saw(billing.raise)).toEqual([dearer]);
    const next = await latest(ids);
    await reports.begin(next);
    await fails(next);
    const cheaper = { generationId: ids.id, attemptNumber: 3, credits: 5 };
    await waitFor(() => expect(own.standIns.told(billing.lower)).toEqual(new Set([dearer, cheaper])));
    expect(own.standIns.saw(billing.raise)).toHaveLength(1);
  });

  it('passes over a model that the account cannot pay', async () => {
    own.standIns.refuse(billing.raise, 'INSUFFICIENT_CREDITS', 'too dear');
    const ids = await begun();
    await fails(ids);
    const moved = await reports.get(ids);
    expect(moved).toMatchObject({ provider: 'crayon', creditCost: 5 });
    expect(moved.routing.candidates).toContainEqual(
      expect.objectContaining({ provider: 'ink', excludedBecause: 'dearer than what may be held' }),
    );
  });

  it('waits, and moves nowhere, while billing cannot be asked', async () => {
    own.standIns.refuse(billing.raise, 'INTERNAL', 'away');
    const ids = await begun();
    await expect(fails(ids)).rejects.toMatchObject({ code: 'INTERNAL' });
    expect(await latest(ids)).toMatchObject({ number: 1, status: 'SUBMITTING' });
    own.standIns.answer(billing.raise, () => ({}));
    await fails(ids);
    expect(await latest(ids)).toMatchObject({ number: 2 });
  });

  it('never costs more than was promised', async () => {
    const ids = await begun();
    await own.sql('UPDATE generations SET most_credits = 10');
    await fails(ids);
    expect(await reports.get(ids)).toMatchObject({ provider: 'crayon', creditCost: 5 });
  });

  it('moves once, however often its failure is told, at once and again', async () => {
    const ids = await begun();
    const replies = await Promise.all(Array.from({ length: 5 }, () => fails(ids)));
    expect(replies.filter(({ live }) => live)).toHaveLength(1);
    expect(await fails(ids)).toEqual({ live: false });
    expect(await own.count('attempts')).toBe(2);
  });

  it('tries three models at most, and then fails of what tells the customer most', async () => {
    const ids = await begun();
    await fails(ids, UNAVAILABLE);
    const second = await latest(ids);
    await reports.begin(second);
    await fails(second, FAILURE);
    const third = await latest(ids);
    await reports.begin(third);
    await fails(third, { ...FAILURE, code: 'GENERATION_FAILED', kind: 'failed' });
    expect(await own.count('attempts')).toBe(3);
    expect(await reports.get(ids)).toMatchObject({
      status: 'FAILED',
      creditCost: 0,
      error: { code: 'CONTENT_REJECTED', message: 'Not this.', billed: false },
    });
    await waitFor(() => expect(settled()).toEqual(new Set([{ generationId: ids.id, outcome: 'RELEASE', credits: 0 }])));
  });

  it('takes another model of the same vendor when no other vendor is left', async () => {
    for (const worker of ['worker-inks', 'worker-wax']) await own.leave(worker);
    await waitFor(async () => {
      const ids = await begun();
      await fails(ids);
      expect((await reports.get(ids)).provider).toBe('gouache');
    });
  });

  it('stays where it is, and fails, when too little of its time is left', async () => {
    const ids = await begun();
    await own.sql(`UPDATE generations SET deadline_at = now() + interval '20 s'`);
    await fails(ids);
    expect(await reports.get(ids)).toMatchObject({ status: 'FAILED', provider: 'oil' });
  });
});

describe('no other model is asked', () => {
  it('after a submit whose answer is unknown', async () => {
    const ids = await begun();
    await fails(ids, { ...FAILURE, code: 'GENERATION_FAILED', kind: 'submission-unknown' });
    expect(await reports.get(ids)).toMatchObject({ status: 'FAILED', provider: 'oil' });
    expect(await own.count('attempts')).toBe(1);
  });

  it.each(['input-unfit', 'input-unavailable'] as const)(
    "after %s: every vendor would meet the same file of the customer's",
    async (kind) => {
      const ids = await begun();
      await fails(ids, { ...FAILURE, code: 'INVALID_INPUT', kind });
      expect(await reports.get(ids)).toMatchObject({ status: 'FAILED', provider: 'oil' });
      expect(await own.count('attempts')).toBe(1);
    },
  );

  it.each([
    ['a provider', freely({ provider: 'oil' })],
    ['a provider by model', freely({ model: 'oil' })],
    ['a model', freely({ model: 'oil-1' })],
  ])('when the caller named %s', async (_what, changes) => {
    const ids = await begun(changes);
    await fails(ids);
    expect(await reports.get(ids)).toMatchObject({ status: 'FAILED', provider: 'oil' });
    expect(await own.count('attempts')).toBe(1);
  });

  it('when another worker has taken the attempt over', async () => {
    const ids = await begun();
    await reports.expireLease(ids);
    await reports.begin(ids, 'two');
    expect(await fails(ids)).toEqual({ live: false });
    expect(await own.count('attempts')).toBe(1);
    expect(own.standIns.saw(billing.raise)).toEqual([]);
  });
});

describe('a cancellation that races with a move', () => {
  it('wins or loses whole: nothing is left that a worker could begin', async () => {
    const all = await Promise.all(Array.from({ length: 20 }, () => begun()));
    const outcomes = await Promise.all(all.flatMap((ids) => [fails(ids), reports.cancel(ids)]));
    expect(outcomes.filter((outcome) => 'cancelled' in outcome && !outcome.cancelled)).toEqual([]);
    for (const ids of all) {
      expect((await reports.get(ids)).status).toBe('CANCELLED');
      expect(await reports.begin(await latest(ids))).toEqual({ action: 'drop' });
    }
    await waitFor(() => expect(settled().size).toBe(all.length));
  });

  it('and waits for it ends the attempt that the move has made', async () => {
    const ids = await begun();
    const { cancelled } = await own.transaction(async ({ query, blocks }) => {
      await query(`UPDATE attempts SET status = 'FAILED' WHERE id = $1`, [ids.attemptId]);
      const cancelled = reports.cancel(ids);
      await blocks();
      await query(
        `INSERT INTO attempts (id, generation_id, number, family, provider, model, status, lease_expires_at)
         VALUES ($1, $2, 2, 'inks', 'ink', 'ink-1', 'CREATED', now() + interval '1 h')`,
        [own.ids.next('att'), ids.id],
      );
      return { cancelled };
    });
    expect(await cancelled).toEqual({ cancelled: true });
    expect((await latest(ids)).status).toBe('FAILED');
  });
});

describe('an attempt that nobody begins', () => {
  const away = async (workerId: string, family: string) => {
    await own.leave(workerId);
    await waitFor(async () => {
      const { providers } = await own.ask(generations.providers, { type: 'IMAGE' });
      const id = { oils: 'oil', inks: 'ink', wax: 'crayon' }[family];
      expect(providers.find((one) => one.id === id)?.available).toBe(false);
    });
  };
  const uncalled = () => own.sql(`UPDATE attempts SET lease_expires_at = now() - interval '1 s'`);

  it('is left for the next best model when the workers of its own are gone', async () => {
    const ids = await own.accepted(freely());
    await away('worker-oils', 'oils');
    await uncalled();
    await waitFor(async () => expect((await latest(ids)).number).toBe(2));
    expect(await reports.get(ids)).toMatchObject({
      status: 'QUEUED',
      provider: 'ink',
      metadata: { adjustments: ['oil (oil-1) was not available; the next best was asked.'] },
    });
    expect(await reports.begin(ids)).toEqual({ action: 'drop' });
  });

  it('is waited for when its caller chose it, or when it was begun', async () => {
    const [named, running] = [await own.accepted(freely({ provider: 'oil' })), await begun()];
    await away('worker-oils', 'oils');
    await uncalled();
    const published = () => own.sql<{ publishes: number }>('SELECT publishes FROM attempts');
    await waitFor(async () => expect(await published()).toEqual([{ publishes: 2 }, { publishes: 2 }]));
    expect(await reports.get(named)).toMatchObject({ status: 'QUEUED', provider: 'oil' });
    expect(await reports.get(running)).toMatchObject({ status: 'PROCESSING', provider: 'oil' });
  });

  it('is left at its begin when all circuits of its family are open', async () => {
    const live = { ...freely(), mode: 'live' as const };
    const broken = await begun({ ...freely({ provider: 'oil' }), mode: 'live' });
    const waiting = await own.accepted(live);
    await fails(broken, UNAVAILABLE);
    expect(await reports.begin(waiting)).toEqual({ action: 'drop' });
    expect(await latest(waiting)).toMatchObject({ number: 2, family: 'inks' });
  });
});
