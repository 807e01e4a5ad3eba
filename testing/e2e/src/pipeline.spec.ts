import { admin } from '@doitong/contracts';
import { probeMedia } from '@doitong/media';
import {
  type Customer,
  eventually,
  Operator,
  type Platform,
  type Receiver,
  type SeenGeneration,
  startPlatform,
  startReceiver,
  waitFor,
} from '@doitong/support';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { audio, avatar, image, video } from './requests.js';

let platform: Platform;
let operator: Operator;
let receiver: Receiver;
let customer: Customer;

beforeAll(async () => {
  [platform, receiver] = await Promise.all([
    startPlatform(['minimax', 'black-forest-labs', 'elevenlabs', 'hedra']),
    startReceiver(),
  ]);
  operator = await Operator.connect(platform.natsUrl('admin'));
  customer = await operator.createCustomer(platform.gatewayUrl, { credits: 100_000 });
}, 300_000);

afterAll(async () => {
  await operator?.close();
  await Promise.all([platform?.stop(), receiver?.stop()]);
}, 150_000);

/** A customer whose balance only this test moves. */
const ownCustomer = (account = {}) => operator.createCustomer(platform.gatewayUrl, { credits: 10_000, ...account });

describe('one generation of each type', () => {
  let customer: Customer;
  let all: SeenGeneration[];

  beforeAll(async () => {
    customer = await ownCustomer();
    const webhookUrl = `${receiver.url}/hook`;
    const first = await Promise.all(
      [video('a lighthouse'), image('a lighthouse keeper'), audio('The light is on.')].map((input) =>
        customer.generate({ ...input, webhookUrl }),
      ),
    );
    const done = await Promise.all(first.map(({ id }) => customer.ended(id)));
    const talking = await customer.generate({ ...avatar('Good evening.', done[1]!.url!), webhookUrl });
    all = [...done, await customer.ended(talking.id)];
    await customer.settled();
  }, 200_000);

  it('completes, with what was made described from its own bytes', async () => {
    expect(all.map(({ type, status, error }) => ({ type, status, error }))).toEqual(
      ['VIDEO', 'IMAGE', 'AUDIO', 'AVATAR'].map((type) => ({ type, status: 'COMPLETED', error: null })),
    );
    for (const { url, metadata, progress } of all) {
      const response = await fetch(url!);
      const bytes = Buffer.from(await response.arrayBuffer());
      const probed = await probeMedia(bytes);
      expect(response.status).toBe(200);
      expect(response.headers.get('content-type')).toBe(probed.contentType);
      expect(metadata).toMatchObject({ size: bytes.length, format: probed.format });
      expect(metadata.width ?? undefined).toBe(probed.width);
      expect(progress).toBe(100);
    }
  });

  it('is charged once, and the ledger adds up', async () => {
    const spent = all.reduce((sum, { creditCost }) => sum + creditCost, 0);
    expect(all.every(({ creditCost }) => creditCost > 0)).toBe(true);
    expect(await customer.settled()).toEqual({ credits: 10_000 - spent, held: 0 });
    expect(await operator.verifyLedger()).toMatchObject({ balanced: true, discrepancies: [] });
  });

  it('adds up in the usage report, and in what its owner is told, to what the ledger captured', async () => {
    const { accountId } = customer;
    const { transactions } = await operator.ask(admin.creditsHistory, { accountId, first: 500 });
    const captured = transactions
      .filter(({ kind }) => kind === 'CAPTURE')
      .reduce((sum, { credits }) => sum - credits, 0);
    const period = { from: '2025-01-01T00:00:00.000Z', to: new Date(Date.now() + 60_000).toISOString() };
    const report = await operator.ask(admin.usageReport, { ...period, by: 'account' });
    expect(report.rows.find((row) => row.accountId === accountId)).toMatchObject({
      completed: all.length,
      capturedCredits: captured,
    });
    const from = new Date(Date.now() - 86_400_000).toISOString();
    const { data } = await customer.ask<{ account: { spending: { generations: number; credits: number }[] } }>(
      `{ account { spending(from: "${from}", by: MODEL) { generations credits } } }`,
    );
    const spent = data!.account.spending;
    expect(spent).toHaveLength(all.length);
    expect(spent.reduce((sum, { credits }) => sum + credits, 0)).toBe(captured);
  });

  it("shows nothing of the vendor's own URLs", () => {
    expect(JSON.stringify(all)).not.toContain(platform.sandboxUrl);
  });

  it('is told by webhook, each under one id, however often it is told', async () => {
    const told = () =>
      receiver.requests.map(({ headers, body }) => {
        const { type, data } = JSON.parse(body) as { type: string; data: { id: string } };
        return `${type} ${data.id} ${headers['webhook-id']}`;
      });
    await waitFor(() => expect(new Set(told()).size).toBe(all.length), { timeoutMs: 50_000 });
    const wanted = all.map(({ id }) => expect.stringMatching(`^generation.completed ${id} [^ ]+$`));
    expect([...new Set(told())]).toEqual(expect.arrayContaining(wanted));
  });
});

describe('a fault at the vendor', () => {
  const outcome = async (input: object) => {
    const owner = await ownCustomer();
    const { id } = await owner.generate(input);
    const ended = await owner.ended(id);
    const { credits } = await owner.settled();
    return { ended, spent: 10_000 - credits };
  };

  it.each([
    ['content-rejected', 'CONTENT_REJECTED'],
    ['failed', 'GENERATION_FAILED'],
    ['corrupt-file', 'GENERATION_FAILED'],
    ['dead-url', 'GENERATION_FAILED'],
    ['quota', 'PROVIDER_UNAVAILABLE'],
  ])('%s ends as %s, with the hold released', async (marker, code) => {
    const { ended, spent } = await outcome(video(`a storm [[sandbox:${marker}]]`));
    expect(ended).toMatchObject({ status: 'FAILED', creditCost: 0, url: null, error: { code, billed: false } });
    expect(spent).toBe(0);
  });

  it.each(['server-error-once', 'rate-limited-once', 'callback-twice'])(
    '%s is survived, and charged once',
    async (marker) => {
      const { ended, spent } = await outcome(video(`a calm sea [[sandbox:${marker}]]`));
      expect(ended).toMatchObject({ status: 'COMPLETED', error: null });
      expect(spent).toBe(ended.creditCost);
    },
  );

  it.each([
    ['which it made in vain', 'corrupt-file', 280_000],
    ['which it did not take', 'quota', 0],
    ['which it took and did not make is not known, so it', 'failed', null],
  ])('what the vendor charges for one %s is recorded', async (_, marker, cost) => {
    const { ended } = await outcome(video(`a cost [[sandbox:${marker}]]`));
    const { attempts } = await operator.ask(admin.generationShow, { id: ended.id });
    expect(attempts.map(({ vendorCostMicroUsd }) => vendorCostMicroUsd)).toEqual([cost]);
  });

  it('a lost answer is not asked for again and not charged, where the vendor cannot be asked about it', async () => {
    const text = `a lost ship [[sandbox:answer-lost]] ${Date.now()}`;
    const { ended, spent } = await outcome(video(text));
    expect(ended).toMatchObject({
      status: 'FAILED',
      error: { code: 'GENERATION_FAILED', stage: 'SUBMISSION', billed: false },
    });
    expect(spent).toBe(0);
    expect(await platform.submits(text)).toBe(1);
  });

  it('a lost answer is found where the vendor can be asked, made once and charged once', async () => {
    const text = `We found it again. [[sandbox:answer-lost]] ${Date.now()}`;
    const { ended, spent } = await outcome(audio(text));
    expect(ended.status).toBe('COMPLETED');
    expect(spent).toBe(ended.creditCost);
    expect(await platform.submits(text)).toBe(1);
  });
});

describe('a request that cannot be carried out', () => {
  it.each([
    ['an unknown provider', { ...image('x'), provider: 'nobody' }, 'provider'],
    ['a provider of another type', { ...image('x'), provider: 'minimax' }, 'provider'],
    ['an unknown option', { ...image('x'), options: { sparkle: 1 } }, 'options.sparkle'],
    ['an option of the wrong type', { ...image('x'), options: { seed: 'seven' } }, 'options.seed'],
    ['a duration that no model has', { ...video('x'), options: { duration: -6 } }, 'options.duration'],
    ['an unknown model', { ...video('x'), options: { model: 'gen-99' } }, 'options.model'],
    ['an option that is no number', { ...image('x'), options: { seed: 'NaN' } }, 'options.seed'],
    ['an empty prompt', image('  '), 'input.text'],
    ['a prompt of 100 kB', image('x'.repeat(100_000)), 'input.text'],
    [
      'an input that the model does not take',
      { ...audio('x'), input: { text: 'x', image: 'https://example.com/a.png' } },
      'input.image',
    ],
    ['an image that is a file', avatar('x', 'file:///etc/passwd'), 'input.image'],
    ['an image that is a script', avatar('x', 'javascript:alert(1)'), 'input.image'],
  ])('%s is INVALID_INPUT that names the field, before any credit moves', async (_what, input, field) => {
    const owner = await ownCustomer();
    const { errors } = await owner.persist(input);
    expect(errors?.[0]?.extensions).toMatchObject({ code: 'INVALID_INPUT', field });
    expect(await owner.account()).toEqual({ credits: 10_000, held: 0 });
  });

  it('is refused when the credits are not there, and leaves neither hold nor slot behind', async () => {
    const owner = await ownCustomer({ credits: 10, plan: 'FREE' });
    for (let tries = 0; tries < 3; tries++) {
      const { errors } = await owner.persist(image('x'));
      expect(errors?.[0]?.extensions.code).toBe('INSUFFICIENT_CREDITS');
    }
    expect(await owner.account()).toEqual({ credits: 10, held: 0 });
  });
});

describe('an account', () => {
  it('gets one generation for one Idempotency-Key, however many ask at once', async () => {
    const owner = await ownCustomer();
    const headers = { 'idempotency-key': 'order-1' };
    const answers = await Promise.all(Array.from({ length: 20 }, () => owner.generate(image('one'), headers)));
    expect(new Set(answers.map(({ id }) => id)).size).toBe(1);
    const ended = await owner.ended(answers[0]!.id);
    expect((await owner.settled()).credits).toBe(10_000 - ended.creditCost);
    const { errors } = await owner.persist(image('two'), headers);
    expect(errors?.[0]?.extensions.code).toBe('IDEMPOTENCY_CONFLICT');
  });

  it('never spends more than it has, however many ask at once', async () => {
    const owner = await ownCustomer({ credits: 500 });
    const answers = await Promise.all(Array.from({ length: 40 }, (_, n) => owner.persist(image(`race ${n}`))));
    const accepted = answers.flatMap(({ data }) => data?.generate ?? []);
    expect(accepted).toHaveLength(10);
    await Promise.all(accepted.map(({ id }) => owner.ended(id)));
    expect(await owner.settled()).toEqual({ credits: 0, held: 0 });
  });

  it('on FREE runs one at a time, and the next as soon as the first has ended', async () => {
    const owner = await ownCustomer({ plan: 'FREE' });
    await platform.allowManyRequests(owner);
    const { id } = await owner.generate(video('slow [[sandbox:hang]]'));
    const second = await owner.persist(image('too early'));
    expect(second.errors?.[0]?.extensions).toMatchObject({ code: 'RATE_LIMIT', limit: 'concurrent' });
    await owner.ask('mutation ($id: ID!) { cancelGeneration(id: $id) }', { id });
    expect((await owner.ended(id)).status).toBe('CANCELLED');
    await eventually(async () => (await owner.persist(image('in time'))).data, { intervalMs: 200 });
  });

  it("does not see another's generation", async () => {
    const [owner, stranger] = await Promise.all([ownCustomer(), ownCustomer()]);
    const { id } = await owner.generate(image('mine'));
    const { errors } = await stranger.ask('query ($id: ID!) { generation(id: $id) { id } }', { id });
    expect(errors?.[0]?.extensions.code).toBe('NOT_FOUND');
  });

  it('can cancel what still runs: once the vendor may have been asked it pays for that, and a second time there is nothing to cancel', async () => {
    const owner = await ownCustomer();
    const { id } = await owner.generate(video('never ends [[sandbox:hang]]'));
    await eventually(async () => (await owner.generation(id)).status === 'PROCESSING');
    const cancel = () =>
      owner.ask<{ cancelGeneration: boolean }>('mutation ($id: ID!) { cancelGeneration(id: $id) }', { id });
    expect((await cancel()).data?.cancelGeneration).toBe(true);
    expect((await cancel()).data?.cancelGeneration).toBe(false);
    const { status, creditCost } = await owner.ended(id);
    expect([status, creditCost]).toEqual(['CANCELLED', expect.any(Number)]);
    expect(creditCost).toBeGreaterThan(0);
    expect(await owner.settled()).toEqual({ credits: 10_000 - creditCost, held: 0 });
  });
});

describe('an asset', () => {
  it('is served in parts, and not with a longer life than it was signed for', async () => {
    const { id } = await customer.generate(image('an asset'));
    const { url } = await customer.ended(id);
    const part = await fetch(url!, { headers: { range: 'bytes=0-9' } });
    expect([part.status, (await part.arrayBuffer()).byteLength]).toEqual([206, 10]);
    const changed = new URL(url!);
    changed.searchParams.set('expires', String(Number(changed.searchParams.get('expires')) + 60));
    expect((await fetch(changed)).status).toBe(403);
  });
});

describe('options', () => {
  it.each([
    [
      'that the vendor can do nearly',
      { ...video('a storm'), options: { duration: 10, resolution: '1080p', style: 'cinematic' } },
      [expect.stringContaining('768p instead of 1080p')],
    ],
    [
      'that the vendor has under another name',
      { ...audio('Hello.'), options: { voice: 'rachel', emotion: 'excited', speed: 1.0 } },
      [],
    ],
    [
      'that the vendor has',
      { ...image('a face'), provider: 'flux-ultra', options: { aspectRatio: '16:9', quality: 'ultra', seed: 42 } },
      [],
    ],
    [
      'that the vendor has one way only',
      { ...image('a face'), provider: 'flux-ultra', options: { quality: 'high' } },
      [expect.stringContaining('ultra instead of high')],
    ],
  ])('%s are carried out, and told where they differ', async (_what, input, adjustments) => {
    const { id } = await customer.generate(input);
    const ended = await customer.ended(id);
    expect([ended.status, ended.metadata.adjustments]).toEqual(['COMPLETED', adjustments]);
  });

  it('are fields of the mutation of one content type, whose model names a model or a provider', async () => {
    const { data } = await customer.ask<{ face: SeenGeneration; storm: SeenGeneration }>(`mutation {
      face: imageCreate(input: { prompt: "a face", model: "FLUX-pro-1.1-ultra", aspectRatio: "1:1" }) { id provider }
      storm: videoCreate(input: { prompt: "a storm", model: "hailuo", duration: 10 }) { id provider }
    }`);
    const { face, storm } = data!;
    expect([face.provider, storm.provider]).toEqual(['flux-ultra', 'minimax']);
    const [portrait, film] = await Promise.all([customer.ended(face.id), customer.ended(storm.id)]);
    expect(portrait.metadata.width).toBe(portrait.metadata.height);
    expect(film.metadata.duration).toBeCloseTo(10, 0);
  });

  it.each([
    ['a model that nobody has', 'model: "no-such-model"', 'INVALID_INPUT', 'model'],
    ['a duration that the model does not have', 'model: "minimax", duration: 7', 'INVALID_INPUT', 'duration'],
  ])('as fields are refused with %s', async (_what, fields, code, field) => {
    const { errors } = await customer.ask(`mutation { videoCreate(input: { prompt: "a storm", ${fields} }) { id } }`);
    expect(errors?.[0]?.extensions.code).toBe(code);
    expect(errors?.[0]?.extensions.field).toBe(field);
  });
});

describe('a request id', () => {
  it('follows one generation through the logs of every service that it passes', async () => {
    const requestId = `trace-${Date.now()}`;
    const { id } = await customer.generate(image('traced'), { 'x-request-id': requestId });
    await customer.ended(id);
    const logsOf = (name: 'generations' | 'worker-black-forest-labs') =>
      platform.processes(name).flatMap((process) => process.logs());
    await eventually(() => logsOf('generations').some((line) => line.includes(requestId) && line.includes(id)));
    for (const line of [...logsOf('generations'), ...logsOf('worker-black-forest-labs')]) {
      expect(() => JSON.parse(line)).not.toThrow();
    }
  });
});
