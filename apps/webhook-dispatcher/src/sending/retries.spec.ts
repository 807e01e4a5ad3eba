import { setTimeout as sleep } from 'node:timers/promises';
import { type Receiver, startReceiver, waitFor } from '@doitong/support';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type Dispatcher, startDispatcher } from '../__fixtures__/dispatcher.js';
import { newAccountId } from '../__fixtures__/events.js';

const HOUR = 3_600;
const PUBLISHED_SECONDS = [5, 300, 1_800, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR];
const TIMEOUT_MS = 400;

let own: Dispatcher;
let receiver: Receiver;
let accountId: string;
beforeAll(async () => {
  own = await startDispatcher({ WEBHOOK_RETRY_SCALE: '1', WEBHOOK_TIMEOUT_MS: String(TIMEOUT_MS) });
});
afterAll(() => own?.stop());
beforeEach(async () => {
  receiver = await startReceiver();
  accountId = newAccountId();
});
afterEach(() => receiver.stop());

/** The account's only delivery after so many attempts, with the seconds from the end of the last one until the next. */
async function after(attempts: number) {
  return waitFor(async () => {
    const [delivery] = await own.deliveries(accountId);
    const last = delivery!.attempts.at(-1);
    expect(delivery!.attempts).toHaveLength(attempts);
    const endedAt = Date.parse(last!.at) + last!.latencyMs;
    const waits = delivery!.nextAttemptAt === null ? null : (Date.parse(delivery!.nextAttemptAt) - endedAt) / 1_000;
    return { ...delivery!, last: last!, waits };
  });
}

/** The wait is over. */
async function becomesDue(): Promise<void> {
  await own.sql('UPDATE deliveries SET due_at = now() WHERE account_id = $1', [accountId]);
  await own.sql('UPDATE destinations SET due_at = now() WHERE account_id = $1', [accountId]);
}

/** Of a wait that begins when the attempt is written, a moment after it ended. */
const MOMENT = 2;
const expectAbout = (seconds: number | null, least: number, most: number) => {
  expect(seconds).toBeGreaterThanOrEqual(least);
  expect(seconds).toBeLessThanOrEqual(most + MOMENT);
};

it('a delivery that fails is tried at once, then after each of the published waits, with a timestamp of its own, and then no more', async () => {
  receiver.answer({ status: 500 });
  await own.happens(accountId, { url: receiver.url });
  for (const [n, seconds] of PUBLISHED_SECONDS.entries()) {
    const { waits, status } = await after(n + 1);
    expect(status).toBe('PENDING');
    expectAbout(waits, seconds * 0.8, seconds * 1.2);
    // The last one is in another second than the first.
    if (n === PUBLISHED_SECONDS.length - 1) await sleep(1_000);
    await becomesDue();
  }
  expect(await after(10)).toMatchObject({ status: 'DEAD', waits: null });
  expect(new Set(receiver.requests.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
  for (const { headers, receivedAt } of receiver.requests) {
    expectAbout(receivedAt / 1_000 - Number(headers['webhook-timestamp']), 0, 1);
  }
  expect(new Set(receiver.requests.map(({ headers }) => headers['webhook-timestamp'])).size).toBeGreaterThan(1);
}, 30_000);

describe('Retry-After', () => {
  it.each([
    ['seconds', () => '3600', HOUR, HOUR],
    ['a date', () => new Date(Date.now() + 2 * HOUR * 1_000).toUTCString(), 2 * HOUR - 5, 2 * HOUR],
    ['less than the wait', () => '0', 4, 6],
    ['more than a day', () => String(30 * 24 * HOUR), 24 * HOUR, 24 * HOUR],
    ['nonsense', () => 'when it suits you', 4, 6],
  ])('that asks for %s is honoured within the bounds of the schedule', async (_what, header, least, most) => {
    receiver.answer({ status: 503, headers: { 'retry-after': header() } });
    await own.happens(accountId, { url: receiver.url });
    const { waits } = await after(1);
    expectAbout(waits, least, most);
  });
});

describe('an attempt has failed', () => {
  it('when there is no answer in time', async () => {
    receiver.answer({ hang: true });
    await own.happens(accountId, { url: receiver.url });
    const { last, waits } = await after(1);
    expect(last).toMatchObject({ status: null, answer: null, error: `No answer within ${TIMEOUT_MS} ms.` });
    expect(last.latencyMs).toBeGreaterThanOrEqual(TIMEOUT_MS);
    expectAbout(waits, 4, 6);
  });

  it.each([301, 307, 400, 404, 429, 503])('when it is answered with %i', async (status) => {
    receiver.answer({ status, headers: { location: `${receiver.url}/elsewhere` } });
    await own.happens(accountId, { url: receiver.url });
    const { last, waits } = await after(1);
    expect(last).toMatchObject({ status, error: null });
    expectAbout(waits, 4, 6);
    expect(receiver.requests).toHaveLength(1);
  });
});
