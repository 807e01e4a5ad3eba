import { DoitongError, type Generation, generations, rateLimit } from '@doitong/contracts';
import { type Subscription, subscribe, waitFor } from '@doitong/support';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type Gateway, startGateway } from '../__fixtures__/gateway.js';
import { aGeneration, allowed, aPrincipal } from '../__fixtures__/messages.js';
import { LOOK_AGAIN_MS } from '../generations/watch.js';

const { id } = aGeneration();
const WATCH = 'subscription ($id: ID!) { generationUpdated(id: $id) { id status progress version url } }';

interface Event {
  data: { generationUpdated: Pick<Generation, 'id' | 'status' | 'progress' | 'version'> & { url: string | null } };
  errors?: unknown[];
}

let gateway: Gateway;
let present: Generation;
let open: Subscription<Event>[];

beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway?.stop());
beforeEach(() => {
  gateway.reset();
  open = [];
  present = aGeneration();
  gateway.answer(generations.get, () => present);
});
afterEach(async () => {
  for (const { stop } of open) stop();
  // What one test watched must not ask for anything in the next.
  await waitFor(async () => expect(await gateway.isHeard(generations.changed(id))).toBe(false));
});

function watch(variables: object = { id }, query = WATCH) {
  const connectionParams = { authorization: `Bearer ${gateway.newKey()}` };
  const subscription = subscribe<Event>(gateway.url, { query, variables: { ...variables } }, { connectionParams });
  open.push(subscription);
  return subscription;
}

async function change(changes: Partial<Generation>) {
  present = { ...present, ...changes, version: present.version + 1 };
  await gateway.broadcast(generations.changed(id), { version: present.version });
}

const completed = {
  status: 'COMPLETED',
  progress: 100,
  assetKey: 'a/b.mp4',
  completedAt: '2025-01-31T12:01:00.000Z',
} as const;
const versionsOf = ({ events }: Subscription<Event>) => events.map(({ data }) => data.generationUpdated.version);
const looks = () => gateway.asked(generations.get).length;

describe('generationUpdated', () => {
  it('tells the state at once, each change, and the end as the last before it completes', async () => {
    const subscription = watch();
    await waitFor(() => expect(versionsOf(subscription)).toEqual([1]));
    for (const changes of [{ status: 'PROCESSING' }, { progress: 40 }, { progress: 80 }] as const) {
      await change(changes);
      await waitFor(() => expect(versionsOf(subscription).at(-1)).toBe(present.version));
    }
    await change(completed);
    expect(await subscription.ended).toBe('complete');
    expect(subscription.events.map(({ data }) => data.generationUpdated)).toEqual([
      { id, status: 'QUEUED', progress: 0, version: 1, url: null },
      { id, status: 'PROCESSING', progress: 0, version: 2, url: null },
      { id, status: 'PROCESSING', progress: 40, version: 3, url: null },
      { id, status: 'PROCESSING', progress: 80, version: 4, url: null },
      { id, status: 'COMPLETED', progress: 100, version: 5, url: expect.stringContaining('/assets/a/b.mp4') },
    ]);
  });

  it('of a generation that has ended tells its end, and completes', async () => {
    present = aGeneration({ ...completed, version: 7 });
    const subscription = watch();
    expect(await subscription.ended).toBe('complete');
    expect(versionsOf(subscription)).toEqual([7]);
  });

  it('asks once for each change, however many watch it, and not for one that it has told already', async () => {
    const all = [watch(), watch(), watch()];
    await waitFor(() => expect(all.map(versionsOf)).toEqual([[1], [1], [1]]));
    // Each looked for itself when it began.
    await waitFor(() => expect(looks()).toBeGreaterThanOrEqual(all.length));
    const start = Date.now();
    const before = looks();
    await change({ progress: 10 });
    await waitFor(() =>
      expect(all.map(versionsOf)).toEqual([
        [1, 2],
        [1, 2],
        [1, 2],
      ]),
    );
    for (const version of [1, 2, 2]) await gateway.broadcast(generations.changed(id), { version });
    await change({ progress: 20 });
    await waitFor(() => expect(versionsOf(all[0]!)).toEqual([1, 2, 3]));
    // Beside one for each change, those that are made every few seconds.
    const slow = 1 + Math.floor((Date.now() - start) / LOOK_AGAIN_MS);
    expect(looks() - before).toBeLessThanOrEqual(2 + slow);
  });

  it('tells a change of which the broadcast was lost', async () => {
    const subscription = watch();
    await waitFor(() => expect(versionsOf(subscription)).toEqual([1]));
    present = { ...present, progress: 50, version: 2 };
    await waitFor(() => expect(versionsOf(subscription)).toEqual([1, 2]));
  });

  it('outlasts the service behind it', async () => {
    const subscription = watch();
    await waitFor(() => expect(versionsOf(subscription)).toEqual([1]));
    gateway.answer(generations.get, () => {
      throw new DoitongError('INTERNAL', 'Something went wrong on our side. Please try again.');
    });
    const before = looks();
    await change({ progress: 10 });
    await waitFor(() => expect(looks()).toBeGreaterThan(before));
    gateway.answer(generations.get, () => present);
    await change(completed);
    expect(await subscription.ended).toBe('complete');
    expect(versionsOf(subscription)).toEqual([1, 3]);
  });

  it('is over on our side when it is over on the client’s', async () => {
    const subscription = watch();
    await waitFor(() => expect(versionsOf(subscription)).toEqual([1]));
    await waitFor(async () => expect(await gateway.isHeard(generations.changed(id))).toBe(true));
    subscription.stop();
    await waitFor(async () => expect(await gateway.isHeard(generations.changed(id))).toBe(false));
  });

  it('of what is not there, or another account’s, is NOT_FOUND', async () => {
    gateway.answer(generations.get, () => {
      throw new DoitongError('NOT_FOUND', 'There is no generation of this id.');
    });
    const subscription = watch();
    expect(await subscription.ended).toEqual([
      {
        message: 'There is no generation of this id.',
        extensions: { code: 'NOT_FOUND', retryable: false, billed: false, stage: 'ADMISSION' },
      },
    ]);
    expect(subscription.events).toEqual([]);
    expect(gateway.asked(generations.get)[0]?.body).toEqual({ accountId: aPrincipal().accountId, mode: 'test', id });
  });

  it('answers in the flat form too', async () => {
    present = aGeneration({ ...completed, version: 7 });
    const flat = 'subscription ($id: ID!) { generationUpdated(id: $id) { status error errorCode metadata } }';
    const subscription = watch({ id }, flat);
    expect(await subscription.ended).toBe('complete');
    expect(subscription.events).toMatchObject([
      { data: { generationUpdated: { status: 'completed', error: null, metadata: { model: present.model } } } },
    ]);
  });

  it.each(['', '>', '*', 'gen_x\r\nPUB a 0', `${id}.x`])(
    'of what is no id is NOT_FOUND, without asking: %j',
    async (wrong) => {
      expect(await watch({ id: wrong }).ended).toMatchObject([{ extensions: { code: 'NOT_FOUND' } }]);
      expect(looks()).toBe(0);
    },
  );
});

describe('a document over a WebSocket', () => {
  it.each([
    ['a query', '{ account { id } }', 'query'],
    ['a mutation', 'mutation { cancelGeneration(id: "x") }', 'query'],
    ['an unknown field', 'subscription ($id: ID!) { generationUpdated(id: $id) { nothing } }', 'nothing'],
    ['what cannot be read', 'subscription {', undefined],
    [
      'a root that is skipped',
      'subscription ($id: ID!) { generationUpdated(id: $id) @skip(if: true) { id } }',
      undefined,
    ],
    [
      'a root that is not included, in a fragment',
      'subscription ($id: ID!) { ...F } fragment F on Subscription { generationUpdated(id: $id) @include(if: false) { id } }',
      undefined,
    ],
    ['two operations, none of them named', `${WATCH.replace('(', 'A(')} ${WATCH.replace('(', 'B(')}`, 'operationName'],
  ])('%s is INVALID_INPUT', async (_what, query, field) => {
    const refusal = (await watch({ id }, query).ended) as { extensions: { code: string; field?: string } }[];
    expect(refusal[0]?.extensions).toMatchObject({ code: 'INVALID_INPUT', ...(field ? { field } : {}) });
    expect(looks()).toBe(0);
  });

  it('with a variable that is not what it may be is INVALID_INPUT', async () => {
    const subscription = watch({ id: { no: 'id' } });
    expect(await subscription.ended).toBe('complete');
    expect(subscription.events).toMatchObject([{ errors: [{ extensions: { code: 'INVALID_INPUT', field: 'id' } }] }]);
  });

  it('counts as one read, and is refused when there are none left', async () => {
    const subscription = watch();
    await waitFor(() => expect(versionsOf(subscription)).toEqual([1]));
    expect(gateway.asked(rateLimit.check).map(({ body }) => body)).toEqual([
      { key: aPrincipal().accountId, window: 'read', cost: 1, limit: 600 },
    ]);
    gateway.answer(rateLimit.check, () => allowed({ allowed: false, remaining: 0, retryAfterSeconds: 21 }));
    expect(await watch().ended).toMatchObject([
      { extensions: { code: 'RATE_LIMIT', limit: 'per_minute', retryAfter: 21 } },
    ]);
  });

  it('that is a subscription is refused over HTTP, which says where it belongs', async () => {
    const { status, body } = await gateway.post(WATCH, { variables: { id } });
    expect(status).toBe(400);
    expect(body.errors[0]).toMatchObject({
      message: expect.stringContaining('WebSocket'),
      extensions: { code: 'INVALID_INPUT' },
    });
  });
});
