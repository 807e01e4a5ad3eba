import { readFile } from 'node:fs/promises';
import {
  type Answer,
  type Customer,
  Operator,
  type Platform,
  type Receiver,
  startPlatform,
  startReceiver,
} from '@doitong/support';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { avatar } from './requests.js';

const jpegFile = new URL('../../../libs/media/src/__fixtures__/still.jpg', import.meta.url);

let platform: Platform;
let operator: Operator;
/** Where the customer's files are. */
let host: Receiver;
let jpeg: Buffer;
let customer: Customer;

beforeAll(async () => {
  [platform, host, jpeg] = await Promise.all([
    startPlatform(['minimax', 'black-forest-labs', 'hedra']),
    startReceiver(),
    readFile(jpegFile),
  ]);
  operator = await Operator.connect(platform.natsUrl('admin'));
}, 300_000);
afterAll(async () => {
  await operator?.close();
  await Promise.all([platform?.stop(), host?.stop()]);
}, 150_000);
beforeEach(async () => {
  customer = await operator.createCustomer(platform.gatewayUrl, { credits: 10_000 });
  host.requests.length = 0;
});

/** One request of each way in which a vendor gets an image: in the submit itself, by its URL, uploaded first. */
const ways = {
  'in the submit': (text: string, image: string) => ({ type: 'IMAGE', provider: 'flux-ultra', input: { text, image } }),
  'by its URL': (text: string, image: string) => ({
    type: 'VIDEO',
    provider: 'minimax',
    input: { text, image },
    options: { duration: 6 },
  }),
  'before the submit': avatar,
};

describe.each(Object.entries(ways))('an image that a vendor gets %s', (way, request) => {
  it.each([
    [
      'a login page',
      { headers: { 'content-type': 'text/html' }, body: '<html>login</html>' },
      'an HTML page (text/html, 18',
    ],
    ['a file that is not there', { status: 404 }, 'status 404'],
  ])(
    'and that is %s is the customer’s fault, told as that, before any vendor is asked',
    async (what, answer, found) => {
      host.answer(answer);
      const text = `${way}, ${what}`;
      const { id } = await customer.generate(request(text, `${host.url}/face.jpg`));
      const { status, error } = await customer.ended(id);
      expect([status, error]).toEqual([
        'FAILED',
        {
          code: 'INVALID_INPUT',
          message: expect.stringMatching(/^input\.image: /),
          retryable: false,
          billed: false,
          stage: 'SUBMISSION',
        },
      ]);
      expect(error?.message).toContain(found);
      expect(await customer.settled()).toEqual({ credits: 10_000, held: 0 });
      expect(await platform.submits(text)).toBe(0);
    },
  );

  it('and that its host has moved is found there', async () => {
    host.answer(
      ({ path }): Answer =>
        path === '/moved'
          ? { status: 302, headers: { location: '/ok' } }
          : { body: jpeg, headers: { 'content-type': 'image/jpeg' } },
    );
    const { id } = await customer.generate(request(`${way}, moved`, `${host.url}/moved`));
    expect(await customer.ended(id)).toMatchObject({ status: 'COMPLETED', error: null });
  });
});

it('an image whose host is away may be asked for again', async () => {
  host.answer({ status: 503 });
  const { id } = await customer.generate(ways['in the submit']('away', `${host.url}/face.jpg`));
  const { error } = await customer.ended(id);
  expect(error).toMatchObject({
    code: 'INVALID_INPUT',
    retryable: true,
    message: expect.stringContaining('status 503'),
  });
  expect(host.requests).toHaveLength(4);
  expect(await customer.settled()).toEqual({ credits: 10_000, held: 0 });
});

describe('audio of half a minute that an avatar speaks', () => {
  const SECONDS = 30;
  const speaking = () => ({
    type: 'AVATAR',
    provider: 'hedra',
    input: { image: `${host.url}/face.jpg`, audio: `${host.url}/speech.wav` },
  });
  beforeEach(() =>
    host.answer(
      ({ path }): Answer =>
        path === '/speech.wav'
          ? { body: silence(SECONDS), headers: { 'content-type': 'audio/wav' } }
          : { body: jpeg, headers: { 'content-type': 'image/jpeg' } },
    ),
  );

  it('costs half a minute, though nobody knew its length when it was accepted', async () => {
    const { id, creditCost } = await customer.generate(speaking());
    expect(creditCost).toBe(1_500);
    const { status, creditCost: charged, metadata } = await customer.ended(id);
    expect([status, Math.round(metadata.duration ?? 0)]).toEqual(['COMPLETED', SECONDS]);
    expect(charged).toBeGreaterThan(100 * (SECONDS - 1));
    expect(charged).toBeLessThanOrEqual(100 * SECONDS);
    expect(await customer.settled()).toEqual({ credits: 10_000 - charged, held: 0 });
  });

  it('is not begun for who cannot pay for so much, and costs nothing then', async () => {
    const poor = await operator.createCustomer(platform.gatewayUrl, { credits: 2_000 });
    const { id } = await poor.generate(speaking());
    const { status, error } = await poor.ended(id);
    expect([status, error?.code, error?.billed]).toEqual(['FAILED', 'INSUFFICIENT_CREDITS', false]);
    expect(await poor.settled()).toEqual({ credits: 2_000, held: 0 });
  });
});

/** A WAV file of so many seconds: 8-bit mono at 8 kHz. */
function silence(seconds: number): Buffer {
  const rate = 8_000;
  const samples = Buffer.alloc(seconds * rate, 128);
  const head = Buffer.alloc(44);
  head.write('RIFF', 0);
  head.writeUInt32LE(36 + samples.length, 4);
  head.write('WAVEfmt ', 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(rate, 24);
  head.writeUInt32LE(rate, 28);
  head.writeUInt16LE(1, 32);
  head.writeUInt16LE(8, 34);
  head.write('data', 36);
  head.writeUInt32LE(samples.length, 40);
  return Buffer.concat([head, samples]);
}
