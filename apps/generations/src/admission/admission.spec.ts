import { billing, type Job, rateLimit } from '@doitong/contracts';
import { JobQueue, Logger } from '@doitong/service-kit';
import { waitFor } from '@doitong/support';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { jetstreamManager } from '@nats-io/jetstream';
import { aRequest } from '../__fixtures__/manifests.js';
import { refusal, startGenerations, type TestGenerations } from '../__fixtures__/start-generations.js';

let own: TestGenerations;

beforeAll(async () => {
  own = await startGenerations();
});
afterAll(() => own.stop());
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

describe('an accepted request', () => {
  it('is a generation with its first attempt and its job, for a slot and a hold of its price', async () => {
    const jobs: Job[] = [];
    const queue = new JobQueue(own.connection, new Logger('worker', 'silent'));
    const consumer = queue.consume('painters', { concurrency: 50, leaseMs: 600_000 }, async (job) => {
      jobs.push(job);
      return 'done';
    });
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
    const [attempt, ...others] = await own.sql<{ id: string }>(
      'SELECT id, number, family, status, generation_id FROM attempts',
    );
    expect(attempt).toMatchObject({ number: 1, family: 'painters', status: 'CREATED', generation_id: generation.id });
    expect(others).toEqual([]);
    expect(own.standIns.saw(rateLimit.admit)).toEqual([
      { generationId: generation.id, accountId: own.accountId, concurrent: 10, perDay: null },
    ]);
    expect(own.standIns.saw(billing.hold)).toEqual([
      { generationId: generation.id, accountId: own.accountId, credits: 10 },
    ]);
    await waitFor(() => expect(jobs).toContainEqual({ attemptId: attempt!.id, generationId: generation.id }));
    await consumer.stop();
  });

  it('is accepted also when its job cannot be published: a sweeper makes up for that', async () => {
    const manager = await jetstreamManager(own.connection);
    await manager.streams.delete('JOBS');
    await own.create();
    expect(await own.count('attempts')).toBe(1);
    await own.service.app.get(JobQueue).ensureStream();
  });
});

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
    const body = await refusal(own.keyed('bad', { input: aRequest({ provider: 'brush', ...changes }) })());
    expect(body).toMatchObject({ code: 'INVALID_INPUT', retryable: false, field });
    expect(asked()).toEqual({ slots: 0, holds: 0, freed: [] });
    expect(await own.count('idempotency_keys')).toBe(0);
  });
});

describe('a refusal', () => {
  it('for want of credits gives back slot and quota and keeps no claim; the same request may succeed later', async () => {
    own.standIns.refuse(billing.hold, 'INSUFFICIENT_CREDITS', 'This needs 10 credits; 3 are available.');
    const body = await refusal(own.keyed('poor')());
    expect(body).toMatchObject({ code: 'INSUFFICIENT_CREDITS', message: 'This needs 10 credits; 3 are available.' });
    expect(asked().freed).toEqual([{ generationId: idsHeld()[0], refundQuota: true }]);
    expect([await own.count('generations'), await own.count('idempotency_keys')]).toEqual([0, 0]);

    own.standIns.answer(billing.hold, () => expiresIn(300_000));
    const { id } = await own.keyed('poor')();
    expect(id).not.toBe(idsHeld()[0]);
  });

  it('stays the refusal that it is when the slot cannot be given back', async () => {
    own.standIns.refuse(billing.hold, 'INSUFFICIENT_CREDITS', 'Not enough.');
    own.standIns.refuse(rateLimit.free, 'INTERNAL', 'away');
    expect(await refusal(own.create())).toMatchObject({ code: 'INSUFFICIENT_CREDITS' });
  });

  it('for want of a slot asks for no hold and keeps no claim', async () => {
    own.standIns.refuse(rateLimit.admit, 'RATE_LIMIT', 'Too many at once.', { limit: 'concurrent', retryAfter: 5 });
    expect(await refusal(own.keyed('busy')())).toMatchObject({
      code: 'RATE_LIMIT',
      limit: 'concurrent',
      retryAfter: 5,
    });
    expect(asked()).toEqual({ slots: 1, holds: 0, freed: [] });
    expect(await own.count('idempotency_keys')).toBe(0);
  });
});

describe('a failure in the middle', () => {
  it('without a key gives back what may be taken: nobody can go on with that id', async () => {
    own.standIns.refuse(billing.hold, 'INTERNAL', 'away');
    expect(await refusal(own.create())).toMatchObject({ code: 'INTERNAL' });
    const [generationId] = idsHeld();
    expect(asked().freed).toEqual([{ generationId, refundQuota: true }]);
    expect(own.standIns.saw(billing.settle)).toEqual([{ items: [{ generationId, outcome: 'RELEASE', credits: 0 }] }]);
  });
});

describe('a hold or slot that is about to expire', () => {
  it.each([
    ['hold', billing.hold],
    ['slot', rateLimit.admit],
  ] as const)('(%s) accepts nothing: its sweeper must not meet a generation in the making', async (_, message) => {
    own.standIns.answer(message, () => expiresIn(59_000));
    expect(await refusal(own.create())).toMatchObject({ code: 'INTERNAL', retryable: true });
    expect(await refusal(own.keyed('fence')())).toMatchObject({ code: 'INTERNAL', retryable: true });
    expect([await own.count('generations'), await own.count('attempts')]).toEqual([0, 0]);
    expect(await own.sql('SELECT accepted FROM idempotency_keys')).toEqual([{ accepted: false }]);
    expect(asked().freed).toHaveLength(1);

    own.standIns.answer(message, () => expiresIn(300_000));
    await own.keyed('fence')();
    expect(await own.count('generations')).toBe(1);
  });
});
