import type { AttemptFailure, Mode } from '@doitong/contracts';
import { Metrics, type RunningService } from '@doitong/service-kit';
import { waitFor } from '@doitong/support';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { aFamily, aModel, aProvider, aRequest } from '../__fixtures__/manifests.js';
import { FAILURE, type Ids, reportsTo } from '../__fixtures__/reports.js';
import { refusal, startGenerations, type TestGenerations } from '../__fixtures__/start-generations.js';
import { CatalogueService } from '../catalogue/catalogue.service.js';

const INVALID_KEY: AttemptFailure = {
  ...FAILURE,
  code: 'PROVIDER_UNAVAILABLE',
  kind: 'credential',
  stage: 'SUBMISSION',
};
const UNAVAILABLE: AttemptFailure = { ...INVALID_KEY, kind: 'unavailable' };
const ONE = { live: ['one'] };
const BOTH = { live: ['one', 'other'] };

let own: TestGenerations;
let second: RunningService;
let reports: ReturnType<typeof reportsTo>;

// Two replicas, which share the requests between them.
beforeAll(async () => {
  own = await startGenerations({ SWEEP_MS: '100' });
  reports = reportsTo(own);
  second = await own.startReplica();
});
afterAll(() => own.stop());
beforeEach(async () => {
  await own.clear();
  await own.sql('TRUNCATE circuits');
  await has(BOTH);
  await agreed(null);
});

/** What the workers of the painters have. */
async function has(credentials: { live?: string[]; test?: string[] }) {
  await own.announce(aFamily('painters', aProvider('brush')), 'worker', credentials);
}
/** Of another account each time, unless told otherwise. */
const live = (accountId = own.ids.next('acc')) => own.accepted({ mode: 'live', accountId });
const begin = async (ids: Ids, credentials: object) => reports.begin(ids, 'one', { credentials });
/** What each replica could choose from. */
const candidates = (mode: Mode) =>
  [own.service, second].map(({ app }) =>
    app.get(CatalogueService).candidates('VIDEO', mode, { accountId: own.accountId, plan: 'PRO' }),
  );
const absences = (mode: Mode) => candidates(mode).map(([brush]) => brush?.absence?.because ?? null);
const agreed = (because: string | null, mode: Mode = 'live') =>
  waitFor(() => expect(absences(mode)).toEqual([because, because]));

/** An attempt that a vendor refuses. */
async function fails(credentials: object, failure: AttemptFailure, accountId?: string) {
  const ids = await live(accountId);
  expect(await begin(ids, credentials)).toMatchObject({ action: 'submit' });
  await reports.failed(ids, 'one', failure);
}
/** The circuit is as if it had been open for that long. */
const pass = (seconds: number) =>
  own.sql(
    `UPDATE circuits SET opened_at = opened_at - $1 * interval '1 s', open_until = open_until - $1 * interval '1 s',
    trial_until = trial_until - $1 * interval '1 s'`,
    [seconds],
  );
const opened = () =>
  own.sql('SELECT credential, openings FROM circuits WHERE open_until IS NOT NULL ORDER BY credential');

describe('a credential whose circuit is open', () => {
  it('is not used by any replica; others of its family are', async () => {
    await fails(ONE, INVALID_KEY);
    const begun = await Promise.all(Array.from({ length: 8 }, async () => begin(await live(), BOTH)));
    expect(begun.map((reply) => 'credential' in reply && reply.credential)).toEqual(Array(8).fill('other'));
  });

  it('has its jobs wait until the next trial when the worker has no other', async () => {
    await fails(ONE, INVALID_KEY);
    await pass(-600);
    const ids = await live();
    const reply = await begin(ids, ONE);
    expect(reply).toEqual({ action: 'wait', retryAfterMs: expect.any(Number) });
    const { retryAfterMs } = reply as { retryAfterMs: number };
    expect(retryAfterMs).toBeGreaterThan(600_000);
    expect(retryAfterMs).toBeLessThanOrEqual(630_000);
    expect((await reports.attempt(ids)).status).toBe('CREATED');
    expect(await begin(ids, BOTH)).toMatchObject({ action: 'submit', credential: 'other' });
  });

  it('is tried by one attempt at a time, over all replicas, and closed when the vendor takes that', async () => {
    await fails(ONE, INVALID_KEY);
    await pass(31);
    const waiting = await Promise.all(Array.from({ length: 10 }, live));
    const replies = await Promise.all(waiting.map((ids) => begin(ids, ONE)));
    const trials = waiting.filter((_, n) => replies[n]?.action === 'submit');
    expect(trials).toHaveLength(1);
    expect(replies.filter(({ action }) => action === 'wait')).toHaveLength(9);

    await reports.submitted(trials[0]!);
    expect(await own.count('circuits')).toBe(0);
    const next = waiting.find((ids) => ids !== trials[0])!;
    expect(await begin(next, ONE)).toMatchObject({ action: 'submit' });
  });

  it('is opened for longer when the trial fails; an answer that says nothing of it lets the next one try', async () => {
    await fails(ONE, INVALID_KEY);
    await pass(31);
    await fails(ONE, FAILURE);
    await fails(ONE, UNAVAILABLE);
    expect(await opened()).toEqual([{ credential: 'one', openings: 1 }]);
    await fails(ONE, UNAVAILABLE);
    expect(await opened()).toEqual([{ credential: 'one', openings: 2 }]);
    expect(await begin(await live(), ONE)).toMatchObject({ action: 'wait', retryAfterMs: expect.any(Number) });
    // Past what the first time lasted.
    await pass(31);
    expect(await begin(await live(), ONE)).toMatchObject({ action: 'wait' });
    await pass(30);
    expect(await begin(await live(), ONE)).toMatchObject({ action: 'submit' });
  });

  it('is tried again when nothing is heard of its trial', async () => {
    await fails(ONE, INVALID_KEY);
    await pass(31);
    expect(await begin(await live(), ONE)).toMatchObject({ action: 'submit' });
    expect(await begin(await live(), ONE)).toMatchObject({ action: 'wait' });
    await pass(61);
    expect(await begin(await live(), ONE)).toMatchObject({ action: 'submit' });
  });

  it('is not closed by a success that was asked for before it opened', async () => {
    const early = await live();
    await begin(early, ONE);
    await fails(ONE, INVALID_KEY);
    await reports.submitted(early);
    await reports.completed(early);
    expect(await opened()).toHaveLength(1);
  });
});

describe('one account', () => {
  it.each(['forbidden', 'balance', 'unavailable', 'server-error', 'rate-limited'] as const)(
    'never closes a credential to the others by attempts of its own that end as %s',
    async (kind) => {
      const accountId = own.ids.next('acc');
      for (let n = 0; n < 12; n++) await fails(ONE, { ...UNAVAILABLE, kind }, accountId);
      expect(await opened()).toEqual([]);
      expect(await begin(await live(), ONE)).toMatchObject({ action: 'submit' });
    },
  );

  it('does not keep one closed either: of what is half-open it ends its own trial', async () => {
    const accountId = own.ids.next('acc');
    await fails(ONE, INVALID_KEY);
    await pass(31);
    for (let n = 0; n < 3; n++) await fails(ONE, { ...UNAVAILABLE, kind: 'forbidden' }, accountId);
    expect(await opened()).toEqual([{ credential: 'one', openings: 1 }]);
    expect(await begin(await live(), ONE)).toMatchObject({ action: 'submit' });
  });

  it('counts as one of several who agree, over all replicas', async () => {
    const forbidden = { ...UNAVAILABLE, kind: 'forbidden' as const };
    const accountId = own.ids.next('acc');
    for (let n = 0; n < 3; n++) await fails(ONE, forbidden, accountId);
    const others = await Promise.all([live(), live()]);
    await Promise.all(others.map((ids) => begin(ids, ONE)));
    await Promise.all(others.map((ids) => reports.failed(ids, 'one', forbidden)));
    expect(await opened()).toEqual([{ credential: 'one', openings: 1 }]);
  });
});

describe('faults that may pass', () => {
  it('open a circuit when they come in a row, whichever replica hears of them', async () => {
    for (let n = 0; n < 4; n++) await fails(ONE, UNAVAILABLE);
    expect(await opened()).toEqual([]);
    await fails(ONE, UNAVAILABLE);
    expect(await opened()).toEqual([{ credential: 'one', openings: 1 }]);
  });

  it('that are heard of all at once are counted all', async () => {
    const failing = await Promise.all(Array.from({ length: 5 }, live));
    await Promise.all(failing.map((ids) => begin(ids, ONE)));
    await Promise.all(failing.map((ids) => reports.failed(ids, 'one', UNAVAILABLE)));
    expect(await opened()).toHaveLength(1);
  });

  it('are forgotten as soon as the vendor takes an attempt, or answers one with its output', async () => {
    for (const served of [reports.submitted, reports.completed]) {
      for (let n = 0; n < 4; n++) await fails(ONE, UNAVAILABLE);
      const ids = await live();
      await begin(ids, ONE);
      await served(ids);
      expect(await own.count('circuits')).toBe(0);
    }
  });

  it('said twice count once', async () => {
    const ids = await live();
    await begin(ids, ONE);
    for (let n = 0; n < 6; n++) await reports.failed(ids, 'one', UNAVAILABLE);
    expect(await own.sql('SELECT faults FROM circuits')).toEqual([{ faults: 1 }]);
  });
});

describe('the choice', () => {
  const dearer = aProvider('pencil', { models: [aModel('pencil-1', { price: { base: 90 } })] });
  const freely = { mode: 'live' as const, input: aRequest({ priority: 'COST' }) };

  it('passes over a model all of whose credentials are open, on every replica, until one serves again', async () => {
    await own.announce(aFamily('writers', dearer), 'writer', ONE);
    await waitFor(() => {
      for (const known of candidates('live'))
        expect(known).toContainEqual(expect.objectContaining({ family: 'writers', absence: null }));
    });
    await fails(ONE, INVALID_KEY);
    await agreed(null);
    await fails({ live: ['other'] }, INVALID_KEY);
    await agreed('circuit open');
    await pass(-600);

    const { provider, routing } = await own.create(freely);
    expect(provider).toBe('pencil');
    expect(routing.candidates).toContainEqual({
      provider: 'brush',
      model: 'brush-1',
      score: null,
      excludedBecause: 'circuit open',
    });
    await waitFor(async () => {
      const error = await refusal(own.create({ mode: 'live' }));
      expect(error).toMatchObject({ code: 'PROVIDER_UNAVAILABLE', retryAfter: expect.any(Number) });
      expect(error.retryAfter).toBeGreaterThan(600);
    });

    await pass(631);
    await agreed(null);
    const ids = await live();
    await begin(ids, ONE);
    await reports.submitted(ids);
    expect(await opened()).toEqual([{ credential: 'other', openings: 1 }]);
    await own.leave('writer');
  });

  it('of test keys is left alone by the faults that test prompts ask for', async () => {
    await has({ test: ['sandbox'] });
    await agreed(null, 'test');
    const ids = await own.accepted();
    await reports.begin(ids, 'one', { credentials: { test: ['sandbox'] } });
    await reports.failed(ids, 'one', INVALID_KEY);
    expect(await own.count('circuits')).toBe(0);
  });
});

it('an operator sees which circuits are open', async () => {
  await fails(ONE, INVALID_KEY);
  const seen = () => second.app.get(Metrics).registry.getSingleMetricAsString('vendor_circuit_open');
  await waitFor(async () =>
    expect(await seen()).toContain('vendor_circuit_open{family="painters",credential="one",service="generations"} 1'),
  );
});
