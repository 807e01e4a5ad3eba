import { billing, type ErrorBody, rateLimit } from '@doitong/contracts';
import { waitFor } from '@doitong/support';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { aFamily, aProvider, aRequest } from '../__fixtures__/manifests.js';
import { refusal, startGenerations, type TestGenerations } from '../__fixtures__/start-generations.js';
import { IdempotencyRepository } from './idempotency.repository.js';

let own: TestGenerations;

beforeAll(async () => {
  own = await startGenerations();
});
afterAll(() => own.stop());
afterEach(() => {
  jest.restoreAllMocks();
});
beforeEach(async () => {
  await own.clear();
  own.standIns.reset();
});

const asked = () => ({
  slots: own.standIns.saw(rateLimit.admit).length,
  holds: own.standIns.saw(billing.hold).length,
  freed: own.standIns.saw(rateLimit.free).flatMap(({ items }) => items),
});
const expiresIn = (ms: number) => ({ expiresAt: new Date(Date.now() + ms).toISOString() });
const idsHeld = () => own.standIns.saw(billing.hold).map(({ generationId }) => generationId);

/** Each time that somebody asks for the claim on a key, and what comes of it. */
const claims = () => jest.spyOn(own.service.app.get(IdempotencyRepository), 'claim');

/** As if every claim had been made so long ago. */
const age = (seconds: number) =>
  own.sql(
    `UPDATE idempotency_keys SET claimed_at = claimed_at - $1 * interval '1 s', named_at = named_at - $1 * interval '1 s'`,
    [seconds],
  );

/** What is left of a request whose process died after its claim: the id that its slot and hold are for. */
async function claimed(key: string): Promise<string> {
  own.standIns.refuse(billing.hold, 'INTERNAL', 'died here');
  await refusal(own.keyed(key)());
  const [id] = idsHeld();
  own.standIns.reset();
  await own.sql('UPDATE idempotency_keys SET claimed_at = now(), named_at = now()');
  return id!;
}

describe('an idempotency key', () => {
  it('makes one generation, one hold and one slot of a hundred requests at once, on two replicas', async () => {
    const replica = await own.startReplica();
    const answers = await Promise.all(Array.from({ length: 100 }, own.keyed('storm')));
    expect(new Set(answers.map(({ id }) => id)).size).toBe(1);
    expect([await own.count('generations'), await own.count('attempts')]).toEqual([1, 1]);
    expect(asked()).toEqual({ slots: 1, holds: 1, freed: [] });
    await replica.stop();
  });

  it('returns the first generation as it is by now, however the same input is written', async () => {
    const first = await own.keyed('order', {
      input: aRequest({ provider: 'brush', options: { duration: 10, strength: 1 } }),
    })();
    await own.sql(`UPDATE generations SET status = 'PROCESSING', progress = 40`);
    const again = await own.keyed('order', {
      input: { options: { strength: 1, duration: 10 }, ...aRequest(), provider: 'brush' },
    })();
    expect(again).toMatchObject({ id: first.id, status: 'PROCESSING', progress: 40 });
    expect(asked().slots).toBe(1);
  });

  it('of a generation whose provider is gone since still returns it', async () => {
    await own.announce(aFamily('passing', aProvider('pencil')), 'passing-worker');
    const first = await own.keyed('gone', { input: aRequest({ provider: 'pencil' }) })();
    await own.announce(aFamily('passing', aProvider('biro')), 'passing-worker');
    expect((await own.keyed('gone', { input: aRequest({ provider: 'pencil' }) })()).id).toBe(first.id);
    expect(await refusal(own.create({ input: aRequest({ provider: 'pencil' }) }))).toMatchObject({
      code: 'INVALID_INPUT',
    });
  });

  it('with another input is refused, and nothing changes', async () => {
    const changes = { input: aRequest({ provider: 'brush', input: { text: 'another' } }) };
    const first = await own.keyed('taken')();
    const body = await refusal(own.keyed('taken', changes)());
    expect(body).toMatchObject({ code: 'IDEMPOTENCY_CONFLICT', retryable: false, field: 'Idempotency-Key' });
    expect(asked()).toEqual({ slots: 1, holds: 1, freed: [] });
    expect((await own.keyed('taken')()).id).toBe(first.id);
  });

  it('with another input is refused also while the first is still under way', async () => {
    const another = { input: aRequest({ provider: 'brush', input: { text: 'another' } }) };
    const claim = claims();
    let second: Promise<ErrorBody> | undefined;
    own.standIns.answer(billing.hold, async () => {
      second = refusal(own.keyed('early', another)());
      // It has asked for the claim before: the first one's stands.
      await waitFor(() => expect(claim.mock.calls.length).toBeGreaterThanOrEqual(2));
      expect(await claim.mock.results[1]!.value).toBeUndefined();
      return expiresIn(300_000);
    });
    expect((await own.keyed('early')()).status).toBe('QUEUED');
    expect(await second).toMatchObject({ code: 'IDEMPOTENCY_CONFLICT' });
    expect(await own.count('generations')).toBe(1);
  });

  it('is one of its account and of its field', async () => {
    const made = [
      await own.keyed('same')(),
      await own.keyed('same', { accountId: own.ids.next('acc') })(),
      await own.keyed('same', {}, 'second')(),
    ];
    expect(new Set(made.map(({ id }) => id)).size).toBe(3);
  });
});

describe('a claim whose owner died', () => {
  it('is taken over with the same id after 15 s, not before, so that its slot and its hold serve again', async () => {
    const id = await claimed('dead');
    const claim = claims();
    const repeat = own.keyed('dead')();
    // It looks again when it got no claim.
    await waitFor(() => expect(claim.mock.calls.length).toBeGreaterThanOrEqual(2));
    expect(await own.count('generations')).toBe(0);
    await age(16);
    expect((await repeat).id).toBe(id);
    expect(idsHeld()).toEqual([id]);
  });

  it('is taken over with a new id once its slot and hold may be about to expire, however often it was taken over', async () => {
    const id = await claimed('long dead');
    await age(61);
    await own.sql('UPDATE idempotency_keys SET claimed_at = now() - $1::interval', ['16 s']);
    expect((await own.keyed('long dead')()).id).not.toBe(id);
  });

  it('is taken over by another input with a new id', async () => {
    const id = await claimed('other');
    await age(16);
    const other = await own.keyed('other', { input: aRequest({ provider: 'brush', input: { text: 'another' } }) })();
    expect(other.id).not.toBe(id);
    expect(await refusal(own.keyed('other')())).toMatchObject({ code: 'IDEMPOTENCY_CONFLICT' });
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
    const slow = own.keyed('slow')();
    await waitFor(() => expect(idsHeld()).toHaveLength(1));
    await age(16);
    const quick = await own.keyed('slow')();
    hold();
    expect((await slow).id).toBe(quick.id);
    expect(idsHeld()).toEqual([quick.id, quick.id]);
    expect([await own.count('generations'), await own.count('attempts')]).toEqual([1, 1]);
  });

  it('is forgotten no sooner than a day after it was taken over', async () => {
    await claimed('day');
    await own.sql(
      `UPDATE idempotency_keys SET claimed_at = now() - interval '24 h', expires_at = now() + interval '1 h'`,
    );
    await own.keyed('day')();
    expect(await own.sql(`SELECT FROM idempotency_keys WHERE expires_at > now() + interval '24 h'`)).toHaveLength(1);
  });
});

describe('a failure in the middle', () => {
  it('leaves the claim to the next repeat, which goes on at once with the same id', async () => {
    own.standIns.refuse(billing.hold, 'INTERNAL', 'away');
    expect(await refusal(own.keyed('hiccup')())).toMatchObject({ code: 'INTERNAL', retryable: true });
    expect(asked().freed).toEqual([]);
    own.standIns.answer(billing.hold, () => expiresIn(300_000));
    const claim = claims();
    const { id } = await own.keyed('hiccup')();
    expect(claim).toHaveBeenCalledTimes(1);
    expect(idsHeld()).toEqual([id, id]);
  });

  it('of an id that billing knows otherwise is no conflict of the customer: the next repeat has a new id', async () => {
    own.standIns.refuse(billing.hold, 'IDEMPOTENCY_CONFLICT', 'The hold of this generation was already released.');
    expect(await refusal(own.keyed('spent')())).toMatchObject({ code: 'INTERNAL', retryable: true });
    own.standIns.answer(billing.hold, () => expiresIn(300_000));
    const { id } = await own.keyed('spent')();
    expect(idsHeld()[0]).not.toBe(id);
  });
});
