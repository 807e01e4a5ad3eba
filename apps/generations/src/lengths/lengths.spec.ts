import { admin, attempts, billing, type Generation, generations } from '@doitong/contracts';
import { waitFor } from '@doitong/support';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { aFamily, aModel, aProvider, aRequest } from '../__fixtures__/manifests.js';
import { type Ids, outputOf, reportsTo } from '../__fixtures__/reports.js';
import { startGenerations, type TestGenerations } from '../__fixtures__/start-generations.js';

const audio = 'https://files.example.com/speech.mp3';
const price = { base: 0, perSecond: 100, defaultSeconds: 15, perThousandCharacters: 200 };
const speaker = aModel('speaker-1', {
  inputs: { text: 'optional', image: 'optional', audio: 'optional', voice: 'unsupported' },
  options: {
    type: 'object',
    additionalProperties: false,
    properties: { duration: { type: 'number', minimum: 1, maximum: 600, description: 'Seconds.' } },
  },
  price,
  lengthFrom: 'sound',
});

let own: TestGenerations;
let reports: ReturnType<typeof reportsTo>;

beforeAll(async () => {
  own = await startGenerations();
  reports = reportsTo(own);
  await own.announce(aFamily('talkers', aProvider('speaker', { type: 'AVATAR', models: [speaker] })), 'talker');
});
afterAll(() => own.stop());
beforeEach(async () => {
  await own.clear();
  own.standIns.reset();
});

const asked = (input: object, options = {}) => aRequest({ type: 'AVATAR', provider: 'speaker', input, options });
/** A generation that a worker has begun, and what the worker was told. */
async function begun(input: object, options = {}) {
  const ids = await own.accepted({ input: asked(input, options) });
  const begin = await reports.begin(ids);
  return { ...ids, measuresAudio: 'job' in begin && begin.job.measuresAudio };
}
const measured = ({ attemptId }: Ids, audioSeconds: number, workerId = 'one') =>
  own.say(attempts.ready, { attemptId, workerId, audioSeconds });
const completed = async (ids: Ids, durationSeconds: number): Promise<Generation> => {
  await reports.submitted(ids);
  await reports.completed(ids, 'one', { ...outputOf(ids), durationSeconds });
  return reports.get(ids);
};
const captured = (ids: Ids) =>
  waitFor(() => {
    const [item] = [...own.standIns.told(billing.settle)].filter(({ generationId }) => generationId === ids.id);
    expect(item?.outcome).toBe('CAPTURE');
    return item!.credits;
  });

describe('audio', () => {
  it('of ten minutes costs ten minutes: what is set aside grows before the vendor is asked, and all of it is charged', async () => {
    const ids = await begun({ audio });
    expect(ids.measuresAudio).toBe(true);
    expect((await reports.get(ids)).creditCost).toBe(1_500);
    expect(await measured(ids, 600)).toEqual({ live: true });
    expect(await measured(ids, 600)).toEqual({ live: true });
    expect(own.standIns.saw(billing.raise)).toEqual([{ generationId: ids.id, attemptNumber: 2, credits: 60_000 }]);
    expect((await reports.get(ids)).creditCost).toBe(60_000);
    expect((await completed(ids, 600.04)).creditCost).toBe(60_000);
    expect(await captured(ids)).toBe(60_000);
  });

  it('that the account cannot pay for ends it before the vendor is asked, with nothing charged', async () => {
    own.standIns.refuse(billing.raise, 'INSUFFICIENT_CREDITS', 'no');
    const ids = await begun({ audio });
    expect(await measured(ids, 600)).toEqual({ live: false });
    expect(await reports.get(ids)).toMatchObject({
      status: 'FAILED',
      creditCost: 0,
      error: { code: 'INSUFFICIENT_CREDITS', billed: false, message: expect.stringContaining('600 seconds') },
    });
    expect(await reports.begin(ids)).toEqual({ action: 'drop' });
    expect(await reports.attempt(ids)).toMatchObject({ status: 'FAILED', vendor_cost_micro_usd: 0 });
  });

  it('that is short has nothing more set aside, and what it does not need given back', async () => {
    const ids = await begun({ audio });
    expect(await measured(ids, 3)).toEqual({ live: true });
    expect(own.standIns.saw(billing.raise)).toEqual([]);
    expect((await completed(ids, 3)).creditCost).toBe(300);
    expect(await captured(ids)).toBe(300);
  });

  it('is not measured where options.duration says how long it will be: the price is known at once', async () => {
    const ids = await begun({ audio }, { duration: 20 });
    expect(ids.measuresAudio).toBe(false);
    expect((await completed(ids, 20.5)).creditCost).toBe(2_000);
  });

  it('that is longer than what was quoted is refused, and the account not asked for more than it was told', async () => {
    const input = asked({ audio });
    const quote = await own.ask(generations.quote, { accountId: own.accountId, plan: 'PRO', mode: 'test', input });
    const ids = await own.accepted({ input: { ...input, quoteId: quote.id } });
    await reports.begin(ids);
    expect(await measured(ids, 600)).toEqual({ live: false });
    expect(own.standIns.saw(billing.raise)).toEqual([]);
    expect((await reports.get(ids)).error).toMatchObject({ code: 'INVALID_INPUT' });
  });

  it('is measured by nobody but who holds the attempt, and by nobody once it has ended', async () => {
    const ids = await begun({ audio });
    expect(await measured(ids, 600, 'two')).toEqual({ live: false });
    await reports.cancel(ids);
    expect(await measured(ids, 600)).toEqual({ live: false });
    expect(own.standIns.saw(billing.raise)).toEqual([]);
  });
});

describe('text', () => {
  it('has the longest speech of it set aside, is charged by what was spoken, and no file is waited for', async () => {
    const text = 'a word '.repeat(100);
    const ids = await begun({ text });
    expect(ids.measuresAudio).toBe(false);
    const { creditCost } = await reports.get(ids);
    expect(creditCost).toBe(7_100 + 200);
    expect((await completed(ids, 40)).creditCost).toBe(4_000 + 200);
    expect(await captured(ids)).toBe(4_200);
  });

  it('that was spoken for longer than that is charged what was set aside, and no more', async () => {
    const ids = await begun({ text: 'a word' });
    const { creditCost } = await reports.get(ids);
    expect((await completed(ids, 400)).creditCost).toBe(creditCost);
  });
});

it('a price that is set for a customer goes by the length as well, and what was priced keeps its price', async () => {
  const ids = await begun({ audio });
  await own.ask(admin.price.set, {
    plan: 'PRO',
    provider: 'speaker',
    price: { base: 0, perSecond: 10 },
  });
  const later = await begun({ audio });
  await measured(ids, 600);
  await measured(later, 600);
  expect((await reports.get(ids)).creditCost).toBe(60_000);
  expect((await reports.get(later)).creditCost).toBe(6_000);
});
