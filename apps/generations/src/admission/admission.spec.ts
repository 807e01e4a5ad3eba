import { billing, DoitongError, type Generation, rateLimit } from '@doitong/contracts';
import { waitFor } from '@doitong/support';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { jetstreamManager } from '@nats-io/jetstream';
import { aFamily, aProvider, aRequest } from '../__fixtures__/manifests.js';
import { startGenerations, type TestGenerations } from '../__fixtures__/start-generations.js';

let own: TestGenerations;

beforeAll(async () => {
  own = await startGenerations();
});
afterAll(() => own.stop());
beforeEach(async () => {
  await own.sql('TRUNCATE generations, attempts, idempotency_keys, outbox');
  own.standIns.reset();
});

type Create = Parameters<TestGenerations['create']>[0];

/** One customer's request under an idempotency key, sent as often as it is called. */
function keyed(key: string, changes: Create = {}, scope = 'generate') {
  return () => own.create({ idempotency: { key, scope }, ...changes });
}

async function refusal(answer: Promise<Generation>) {
  const outcome = await answer.catch((error) => error);
  if (outcome instanceof DoitongError) return outcome.body;
  throw new Error(`not refused: ${JSON.stringify(outcome)}`);
}

const count = async (table: string) =>
  (await own.sql<{ many: number }>(`SELECT count(*)::int AS many FROM ${table}`))[0]!.many;
const asked = () => ({
  slots: own.standIns.saw(rateLimit.admit).length,
  holds: own.standIns.saw(billing.hold).length,
  freed: own.standIns.saw(rateLimit.free).flatMap(({ items }) => items),
});
const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
const expiresIn = (ms: number) => ({ expiresAt: new Date(Date.now() + ms).toISOString() });
const idsHeld = () => own.standIns.saw(billing.hold).map(({ generationId }) => generationId);

/** As if the owner of every claim had last been heard of so long ago. */
const age = (seconds: number) =>
  own.sql(
    `UPDATE idempotency_keys SET claimed_at = claimed_at - $1 * interval '1 s', named_at = named_at - $1 * interval '1 s'`,
    [seconds],
  );

describe('an accepted request', () => {
  it('is a generation with its first attempt and its job, for a slot and a hold of its price', async () => {
    const before = await streamMessages();
    const input = aRequest({ provider: 'brush', options: { duration: 10 }, webhookUrl: 'https://example.com/hook' });
    const generation = await own.create({ input });
    expect(generation).toMatchObject({
      accountId: own.accountId,
      mode: 'test',
      status: 'QUEUED',
      progress: 0,
      provider: 'brush',
      model: 'brush-1',
      creditCost: 10,
      estimatedTime: 30,
      metadata: { model: 'brush-1', resolution: '768p', adjustments: [] },
      routing: { reason: 'chosen by the caller' },
      version: 1,
    });
    const [row] = await own.sql(
      'SELECT options, webhook_url, deadline_at - created_at = $1::interval AS due FROM generations',
      ['600 s'],
    );
    expect(row).toEqual({
      options: { duration: 10, resolution: '768p', strength: 0.5 },
      webhook_url: 'https://example.com/hook',
      due: true,
    });
    expect(await own.sql('SELECT number, family, status, generation_id FROM attempts')).toEqual([
      { number: 1, family: 'painters', status: 'CREATED', generation_id: generation.id },
    ]);
    expect(own.standIns.saw(rateLimit.admit)).toEqual([
      { generationId: generation.id, accountId: own.accountId, concurrent: 10, perDay: null },
    ]);
    expect(own.standIns.saw(billing.hold)).toEqual([
      { generationId: generation.id, accountId: own.accountId, credits: 10 },
    ]);
    await waitFor(async () => expect(await streamMessages()).toBe(before + 1));
  });

  it('is accepted also when its job cannot be published: a sweeper makes up for that', async () => {
    const manager = await jetstreamManager(own.connection);
    await manager.streams.delete('JOBS');
    await own.create();
    expect(await count('attempts')).toBe(1);
  });
});

async function streamMessages(): Promise<number> {
  const manager = await jetstreamManager(own.connection);
  return (await manager.streams.info('JOBS')).state.messages;
}

describe('bad input is refused before any slot or credit moves, and leaves nothing:', () => {
  it.each([
    ['an option', { options: { duration: 7 } }, 'options.duration'],
    ['a provider', { provider: 'crayon' }, 'provider'],
    ['a missing input', { input: {} }, 'input.text'],
    ['text that cannot be stored', { input: { text: 'a\0b' } }, 'input.text'],
    ['half of a character', { input: { text: 'a\ud83e' } }, 'input.text'],
    ['a URL that cannot be stored', { webhookUrl: 'https://example.com/\0' }, 'webhookUrl'],
    ['a name that cannot be stored', { options: { 'a\0': 1 } }, 'options'],
  ])('%s', async (_, changes, field) => {
    const body = await refusal(keyed('bad', { input: aRequest({ provider: 'brush', ...changes }) })());
    expect(body).toMatchObject({ code: 'INVALID_INPUT', retryable: false, field });
    expect(asked()).toEqual({ slots: 0, holds: 0, freed: [] });
    expect(await count('idempotency_keys')).toBe(0);
  });
});

describe('a refusal', () => {
  it('for want of credits gives back slot and quota and keeps no claim; the same request may succeed later', async () => {
    own.standIns.refuse(billing.hold, 'INSUFFICIENT_CREDITS', 'This needs 10 credits; 3 are available.');
    const body = await refusal(keyed('poor')());
    expect(body).toMatchObject({ code: 'INSUFFICIENT_CREDITS', message: 'This needs 10 credits; 3 are available.' });
    expect(asked().freed).toEqual([{ generationId: idsHeld()[0], refundQuota: true }]);
    expect([await count('generations'), await count('idempotency_keys')]).toEqual([0, 0]);

    own.standIns.answer(billing.hold, () => expiresIn(300_000));
    const { id } = await keyed('poor')();
    expect(id).not.toBe(idsHeld()[0]);
  });

  it('stays the refusal that it is when the slot cannot be given back', async () => {
    own.standIns.refuse(billing.hold, 'INSUFFICIENT_CREDITS', 'Not enough.');
    own.standIns.refuse(rateLimit.free, 'INTERNAL', 'away');
    expect(await refusal(own.create())).toMatchObject({ code: 'INSUFFICIENT_CREDITS' });
  });

  it('for want of a slot asks for no hold and keeps no claim', async () => {
    own.standIns.refuse(rateLimit.admit, 'RATE_LIMIT', 'Too many at once.', { limit: 'concurrent', retryAfter: 5 });
    expect(await refusal(keyed('busy')())).toMatchObject({ code: 'RATE_LIMIT', limit: 'concurrent', retryAfter: 5 });
    expect(asked()).toEqual({ slots: 1, holds: 0, freed: [] });
    expect(await count('idempotency_keys')).toBe(0);
  });
});

describe('an idempotency key', () => {
  it('makes one generation, one hold and one slot of a hundred requests at once, on two replicas', async () => {
    const replica = await own.startReplica();
    const answers = await Promise.all(Array.from({ length: 100 }, keyed('storm')));
    expect(new Set(answers.map(({ id }) => id)).size).toBe(1);
    expect([await count('generations'), await count('attempts')]).toEqual([1, 1]);
    expect(asked()).toEqual({ slots: 1, holds: 1, freed: [] });
    await replica.stop();
  });

  it('returns the first generation as it is by now, however the same input is written', async () => {
    const first = await keyed('order', {
      input: aRequest({ provider: 'brush', options: { duration: 10, strength: 1 } }),
    })();
    await own.sql(`UPDATE generations SET status = 'PROCESSING', progress = 40`);
    const again = await keyed('order', {
      input: { options: { strength: 1, duration: 10 }, ...aRequest(), provider: 'brush' },
    })();
    expect(again).toMatchObject({ id: first.id, status: 'PROCESSING', progress: 40 });
    expect(asked().slots).toBe(1);
  });

  it('of a generation whose provider is gone since still returns it', async () => {
    await own.announce(aFamily('passing', aProvider('pencil')), 'passing-worker');
    const first = await keyed('gone', { input: aRequest({ provider: 'pencil' }) })();
    await own.announce(aFamily('passing', aProvider('biro')), 'passing-worker');
    expect((await keyed('gone', { input: aRequest({ provider: 'pencil' }) })()).id).toBe(first.id);
    expect(await refusal(own.create({ input: aRequest({ provider: 'pencil' }) }))).toMatchObject({
      code: 'INVALID_INPUT',
    });
  });

  it.each<[string, Create]>([
    ['input', { input: aRequest({ provider: 'brush', input: { text: 'another' } }) }],
    ['mode', { mode: 'live' }],
  ])('with another %s is refused, and nothing changes', async (_, changes) => {
    const first = await keyed('taken')();
    const body = await refusal(keyed('taken', changes)());
    expect(body).toMatchObject({ code: 'IDEMPOTENCY_CONFLICT', retryable: false, field: 'Idempotency-Key' });
    expect(asked()).toEqual({ slots: 1, holds: 1, freed: [] });
    expect((await keyed('taken')()).id).toBe(first.id);
  });

  it('with another input is refused also while the first is still under way', async () => {
    own.standIns.answer(billing.hold, async () => {
      await pause(300);
      return expiresIn(300_000);
    });
    const first = keyed('early')();
    await waitFor(async () => expect(await count('idempotency_keys')).toBe(1));
    const second = keyed('early', { input: aRequest({ provider: 'brush', input: { text: 'another' } }) })();
    expect(await refusal(second)).toMatchObject({ code: 'IDEMPOTENCY_CONFLICT' });
    expect((await first).status).toBe('QUEUED');
    expect(await count('generations')).toBe(1);
  });

  it('is one of its account and of its field', async () => {
    const made = [
      await keyed('same')(),
      await keyed('same', { accountId: own.ids.next('acc') })(),
      await keyed('same', {}, 'second')(),
    ];
    expect(new Set(made.map(({ id }) => id)).size).toBe(3);
  });
});

describe('a claim whose owner died', () => {
  it('is taken over with the same id after 15 s, not before, so that its slot and its hold serve again', async () => {
    const id = await claimed('dead');
    const repeat = keyed('dead')();
    await pause(300);
    expect(await count('generations')).toBe(0);
    await age(16);
    expect((await repeat).id).toBe(id);
    expect(idsHeld()).toEqual([id]);
  });

  it('is taken over with a new id once its slot and hold may be about to expire, however often it was taken over', async () => {
    const id = await claimed('long dead');
    await age(61);
    await own.sql('UPDATE idempotency_keys SET claimed_at = now() - $1::interval', ['16 s']);
    expect((await keyed('long dead')()).id).not.toBe(id);
  });

  it('is taken over by another input with a new id', async () => {
    const id = await claimed('other');
    await age(16);
    const other = await keyed('other', { input: aRequest({ provider: 'brush', input: { text: 'another' } }) })();
    expect(other.id).not.toBe(id);
    expect(await refusal(keyed('other')())).toMatchObject({ code: 'IDEMPOTENCY_CONFLICT' });
  });

  it('may turn out to live: it gets the generation that was accepted in its place', async () => {
    let hold = () => {};
    own.standIns.answer(billing.hold, async () => {
      const slow = idsHeld().length === 1;
      if (slow)
        await new Promise<void>((resolve) => {
          hold = resolve;
        });
      return expiresIn(300_000);
    });
    const slow = keyed('slow')();
    await waitFor(() => expect(idsHeld()).toHaveLength(1));
    await age(16);
    const quick = await keyed('slow')();
    hold();
    expect((await slow).id).toBe(quick.id);
    expect(idsHeld()).toEqual([quick.id, quick.id]);
    expect([await count('generations'), await count('attempts')]).toEqual([1, 1]);
  });

  it('is forgotten no sooner than a day after it was taken over', async () => {
    await claimed('day');
    await own.sql(
      `UPDATE idempotency_keys SET claimed_at = now() - interval '24 h', expires_at = now() + interval '1 h'`,
    );
    await keyed('day')();
    expect(await own.sql(`SELECT FROM idempotency_keys WHERE expires_at > now() + interval '24 h'`)).toHaveLength(1);
  });
});

/** What is left of a request whose process died after its claim: the id that its slot and hold are for. */
async function claimed(key: string): Promise<string> {
  own.standIns.refuse(billing.hold, 'INTERNAL', 'died here');
  await refusal(keyed(key)());
  const [id] = idsHeld();
  own.standIns.reset();
  await own.sql('UPDATE idempotency_keys SET claimed_at = now(), named_at = now()');
  return id!;
}

describe('a failure in the middle', () => {
  it('leaves the claim to the next repeat, which goes on at once with the same id', async () => {
    own.standIns.refuse(billing.hold, 'INTERNAL', 'away');
    expect(await refusal(keyed('hiccup')())).toMatchObject({ code: 'INTERNAL', retryable: true });
    expect(asked().freed).toEqual([]);
    own.standIns.answer(billing.hold, () => expiresIn(300_000));
    const startedAt = Date.now();
    const { id } = await keyed('hiccup')();
    expect(Date.now() - startedAt).toBeLessThan(2_000);
    expect(idsHeld()).toEqual([id, id]);
  });

  it('without a key gives back what may be taken: nobody can go on with that id', async () => {
    own.standIns.refuse(billing.hold, 'INTERNAL', 'away');
    expect(await refusal(own.create())).toMatchObject({ code: 'INTERNAL' });
    const [generationId] = idsHeld();
    expect(asked().freed).toEqual([{ generationId, refundQuota: true }]);
    expect(own.standIns.saw(billing.settle)).toEqual([{ items: [{ generationId, outcome: 'RELEASE', credits: 0 }] }]);
  });

  it('of an id that billing knows otherwise is no conflict of the customer: the next repeat has a new id', async () => {
    own.standIns.refuse(billing.hold, 'IDEMPOTENCY_CONFLICT', 'The hold of this generation was already released.');
    expect(await refusal(keyed('spent')())).toMatchObject({ code: 'INTERNAL', retryable: true });
    own.standIns.answer(billing.hold, () => expiresIn(300_000));
    const { id } = await keyed('spent')();
    expect(idsHeld()[0]).not.toBe(id);
  });
});

describe('a hold or slot that is about to expire', () => {
  it.each([
    ['hold', billing.hold],
    ['slot', rateLimit.admit],
  ] as const)('(%s) accepts nothing: its sweeper must not meet a generation in the making', async (_, message) => {
    own.standIns.answer(message, () => expiresIn(59_000));
    expect(await refusal(own.create())).toMatchObject({ code: 'INTERNAL', retryable: true });
    expect(await refusal(keyed('fence')())).toMatchObject({ code: 'INTERNAL', retryable: true });
    expect([await count('generations'), await count('attempts')]).toEqual([0, 0]);
    expect(await own.sql('SELECT accepted FROM idempotency_keys')).toEqual([{ accepted: false }]);
    expect(asked().freed).toHaveLength(1);

    own.standIns.answer(message, () => expiresIn(300_000));
    await keyed('fence')();
    expect(await count('generations')).toBe(1);
  });
});
