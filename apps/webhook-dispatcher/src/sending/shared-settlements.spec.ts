import { waitFor } from '@doitong/support';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { type Dispatcher, startDispatcher } from '../__fixtures__/dispatcher.js';
import { newAccountId } from '../__fixtures__/events.js';
import { startGatedReceiver } from '../__fixtures__/gated-receiver.js';

const MANY = 20;

let own: Dispatcher;
let receiver: Awaited<ReturnType<typeof startGatedReceiver>>;
beforeAll(async () => {
  own = await startDispatcher({ WEBHOOK_HOST_CONCURRENCY: String(MANY) });
  receiver = await startGatedReceiver();
});
afterAll(async () => {
  await receiver?.stop();
  await own?.stop();
});

it('an outcome that the database refuses is lost alone: those that share its statement become durable', async () => {
  const accounts = Array.from({ length: MANY }, () => newAccountId());
  const events = await Promise.all(
    accounts.map((accountId, n) => own.happens(accountId, { url: `${receiver.url}/${n}` })),
  );
  await waitFor(() => expect(receiver.paths()).toHaveLength(MANY));
  const bad = events[3]!.id;
  await own.sql(`ALTER TABLE deliveries ADD CONSTRAINT stuck CHECK (event_id <> '${bad}' OR status = 'PENDING')`);
  for (const path of receiver.paths()) receiver.answer(path);
  const pending = `SELECT event_id AS id FROM deliveries WHERE status = 'PENDING'`;
  await waitFor(async () => expect(await own.sql(pending)).toEqual([{ id: bad }]));
});
