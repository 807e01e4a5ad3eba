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
