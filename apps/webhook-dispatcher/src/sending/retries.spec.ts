import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { type Receiver, startReceiver, waitFor } from '@doitong/support';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type Dispatcher, startDispatcher } from '../__fixtures__/dispatcher.js';
import { newAccountId } from '../__fixtures__/events.js';

/** So long that none of the waits is over while a test looks at it, however busy the machine is. */
const SCALE = 100;
const HOUR = 3_600;
const PUBLISHED_SECONDS = [5, 300, 1_800, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR];
const FIRST_WAIT = [PUBLISHED_SECONDS[0]! * 0.8 * SCALE, PUBLISHED_SECONDS[0]! * 1.2 * SCALE] as const;
const LONGEST = 24 * HOUR * SCALE;

let own: Dispatcher;
let receiver: Receiver;
let accountId: string;
beforeAll(async () => {
  own = await startDispatcher({ WEBHOOK_RETRY_SCALE: String(SCALE) });
});
afterAll(() => own?.stop());
beforeEach(async () => {
  receiver = await startReceiver();
  accountId = newAccountId();
});
afterEach(() => receiver.stop());

/** The account's only delivery after so many attempts, with the times between which the wait for the next one began. */
async function after(attempts: number, dispatcher = own) {
  return waitFor(async () => {
    const [delivery] = await dispatcher.deliveries(accountId);
    const last = delivery!.attempts.at(-1);
    expect(delivery!.attempts).toHaveLength(attempts);
    return { ...delivery!, last: last!, endedAt: Date.parse(last!.at) + last!.latencyMs, seenAt: Date.now() };
  });
}

/** The wait is over. */
async function becomesDue(): Promise<void> {
  await own.sql('UPDATE deliveries SET due_at = now() WHERE account_id = $1', [accountId]);
  await own.sql('UPDATE destinations SET due_at = now() WHERE account_id = $1', [accountId]);
}

type Waiting = Pick<Awaited<ReturnType<typeof after>>, 'nextAttemptAt' | 'endedAt' | 'seenAt'>;

/** It began after the attempt had ended, and before it was seen. */
function expectWait({ nextAttemptAt, endedAt, seenAt }: Waiting, least: number, most: number): void {
  expect((Date.parse(nextAttemptAt!) - endedAt) / 1_000).toBeGreaterThanOrEqual(least);
  expect((Date.parse(nextAttemptAt!) - seenAt) / 1_000).toBeLessThanOrEqual(most);
}

const secondOf = (milliseconds: number) => Math.floor(milliseconds / 1_000);

it('a delivery that fails is tried at once, then after each of the published waits, with a timestamp of its own, and then no more', async () => {
  receiver.answer({ status: 500 });
  await own.happens(accountId, { url: receiver.url });
  for (const [n, seconds] of PUBLISHED_SECONDS.entries()) {
    const seen = await after(n + 1);
    expect(seen.status).toBe('PENDING');
    expectWait(seen, seconds * 0.8 * SCALE, seconds * 1.2 * SCALE);
    // The last one is in another second than those before.
    if (n === PUBLISHED_SECONDS.length - 1) {
      await waitFor(() => expect(secondOf(Date.now())).toBeGreaterThan(secondOf(seen.endedAt)));
    }
    await becomesDue();
  }
  const { attempts, ...dead } = await after(10);
  expect(dead).toMatchObject({ status: 'DEAD', nextAttemptAt: null });
  expect(new Set(receiver.requests.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
  const timestamps = receiver.requests.map(({ headers }) => Number(headers['webhook-timestamp']));
  expect(timestamps).toEqual(attempts.map(({ at }) => secondOf(Date.parse(at))));
  expect(new Set(timestamps).size).toBeGreaterThan(1);
});

describe('Retry-After', () => {
  it.each([
    ['seconds', '3600', HOUR, HOUR],
    ['less than the wait', '0', ...FIRST_WAIT],
    ['more than the longest wait', String(2 * LONGEST), LONGEST, LONGEST],
    ['nonsense', 'when it suits you', ...FIRST_WAIT],
  ])('that asks for %s is honoured within the bounds of the schedule', async (_what, header, least, most) => {
    receiver.answer({ status: 503, headers: { 'retry-after': header } });
    await own.happens(accountId, { url: receiver.url });
    expectWait(await after(1), least, most);
  });

  it('that asks for a date is honoured within the bounds of the schedule', async () => {
    const date = new Date(Date.now() + 2 * HOUR * 1_000).toUTCString();
    receiver.answer({ status: 503, headers: { 'retry-after': date } });
    await own.happens(accountId, { url: receiver.url });
    const seen = await after(1);
    expect(Date.parse(seen.nextAttemptAt!)).toBeGreaterThanOrEqual(Date.parse(date));
    expectWait(seen, 0, 2 * HOUR);
  });
});

it.each([
  ['100 Continue', ''],
  ['102 Processing', ''],
  ['103 Early Hints', 'Link: </a>; rel=preload\r\n'],
])(
  'a receiver that says %s of its own accord before its 200 has taken the delivery',
  async (informational, headers) => {
    let posts = 0;
    const tcp = createServer((socket) =>
      socket
        .on('error', () => {})
        .once('data', () => {
          posts += 1;
          socket.write(`HTTP/1.1 ${informational}\r\n${headers}\r\n`);
          socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
        }),
    );
    await once(tcp.listen(0, '127.0.0.1'), 'listening');
    await own.happens(accountId, { url: `http://127.0.0.1:${(tcp.address() as AddressInfo).port}/` });
    const seen = await after(1);
    expect(seen).toMatchObject({ status: 'DELIVERED', last: { status: 200, answer: 'ok', error: null } });
    expect(posts).toBe(1);
    tcp.close();
  },
);

describe('an attempt has failed', () => {
  it('when there is no answer in time', async () => {
    const timeoutMs = 500;
    const impatient = await startDispatcher({
      WEBHOOK_RETRY_SCALE: String(SCALE),
      WEBHOOK_TIMEOUT_MS: String(timeoutMs),
    });
    try {
      receiver.answer({ hang: true });
      await impatient.happens(accountId, { url: receiver.url });
      const seen = await after(1, impatient);
      expect(seen.last).toMatchObject({ status: null, answer: null, error: `No answer within ${timeoutMs} ms.` });
      // Timers may be early by as much as the machine was late when they were set.
      expect(seen.last.latencyMs).toBeGreaterThanOrEqual(timeoutMs / 2);
      expectWait(seen, ...FIRST_WAIT);
    } finally {
      await impatient.stop();
    }
  });

  it.each([301, 307, 400, 404, 429, 503])('when it is answered with %i', async (status) => {
    receiver.answer({ status, headers: { location: `${receiver.url}/elsewhere` } });
    await own.happens(accountId, { url: receiver.url });
    const seen = await after(1);
    expect(seen.last).toMatchObject({ status, error: null });
    expectWait(seen, ...FIRST_WAIT);
    expect(receiver.requests).toHaveLength(1);
  });
});
