import { setTimeout as sleep } from 'node:timers/promises';
import { createDataSource, Database, migrate, type Queryable } from '@doitong/service-kit';
import { createTestDatabase, type TestDatabase } from '@doitong/support';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { event, newAccountId } from '../__fixtures__/events.js';
import { DeliveriesRepository } from '../deliveries/deliveries.repository.js';
import { type Destination, hostOf } from '../deliveries/destinations.js';
import { persistence } from '../persistence.js';
import { type ClaimedDelivery, QueueRepository } from './queue.repository.js';

const NOTHING_FULL = { accounts: [], destinations: [] };
const LEASE_MS = 60_000;

let testDatabase: TestDatabase;
let database: Database;
let queue: QueueRepository;
let made = 0;

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  await migrate(persistence, testDatabase.url);
  database = new Database(await createDataSource(persistence, testDatabase.url, 12).initialize());
  queue = new QueueRepository(database);
});
afterAll(async () => {
  await database?.dataSource.destroy();
  await testDatabase?.drop();
});
beforeEach(async () => {
  await database.query('TRUNCATE events, deliveries, delivery_attempts, destinations');
});

/** Counts the scans that the last transaction made, of whole tables and of indexes. */
class CountingDatabase extends Database {
  scans = { whole: 0, indexed: 0 };

  override transaction<T>(work: (tx: Queryable) => Promise<T>): Promise<T> {
    return super.transaction(async (tx) => {
      const count = async () => {
        const [scans] = await tx.query<typeof this.scans>(
          `SELECT sum(seq_scan)::integer AS whole, sum(idx_scan)::integer AS indexed FROM pg_stat_xact_user_tables
           WHERE schemaname = 'webhooks'`,
        );
        return scans!;
      };
      const before = await count();
      const result = await work(tx);
      const after = await count();
      this.scans = { whole: after.whole - before.whole, indexed: after.indexed - before.indexed };
      return result;
    });
  }
}

interface Target {
  url: string;
  accountId: string;
}

const enqueue = (...targets: Target[]) => enqueueOn(database, targets);

function enqueueOn(on: Queryable, targets: Target[]): Promise<void> {
  return new DeliveriesRepository(on as Database).add(
    targets.map(({ url, accountId }) => {
      const { id: eventId, type, data } = event(url, accountId);
      made += 1;
      const occurredAt = data.completedAt!;
      return { id: `dlv_${made}`, eventId, accountId, url, host: hostOf(url), type, occurredAt, data };
    }),
  );
}

const upTo = (places: number) => (ready: Destination[]) => ready.map((destination) => ({ ...destination, places }));

async function claim(places: number, full: Parameters<QueueRepository['claim']>[0] = NOTHING_FULL) {
  const { claimed } = await queue.claim(full, upTo(places), LEASE_MS);
  return claimed;
}

const settle = (delivery: ClaimedDelivery, waitMs?: number) =>
  queue.settle([
    {
      attempt: {
        deliveryId: delivery.id,
        number: delivery.tries + 1,
        at: new Date(),
        status: waitMs === undefined ? 200 : 500,
        latencyMs: 1,
        error: null,
        answer: '',
      },
      verdict: waitMs === undefined ? { status: 'DELIVERED' } : { status: 'PENDING', waitMs },
    },
  ]);

describe('the queue', () => {
  it('claims each delivery once, however many replicas claim while more are enqueued', async () => {
    const accounts = Array.from({ length: 4 }, newAccountId);
    const batch = () => accounts.map((accountId, n) => ({ url: `https://host${n}.example/hook`, accountId }));
    const claimed: string[] = [];
    let enqueued = false;
    const claimer = async () => {
      for (;;) {
        const last = enqueued;
        const got = await claim(3);
        claimed.push(...got.map(({ id }) => id));
        if (got.length === 0 && last) return;
      }
    };
    const enqueuer = async () => {
      for (let n = 0; n < 40; n++) await enqueue(...batch());
    };
    await Promise.all([
      Promise.all([enqueuer(), enqueuer()]).then(() => {
        enqueued = true;
      }),
      claimer(),
      claimer(),
      claimer(),
    ]);
    // A replica stops when another one holds all that is left; so look once more.
    claimed.push(...(await claim(1_000)).map(({ id }) => id));
    expect(claimed).toHaveLength(320);
    expect(new Set(claimed).size).toBe(320);
  });

  it('misses nothing of what is being enqueued while it claims', async () => {
    const target = { url: 'https://a.example/', accountId: newAccountId() };
    await enqueue(target);
    const meanwhile = await database.transaction(async (tx) => {
      await enqueueOn(tx, [target]);
      const claiming = claim(5);
      await sleep(100);
      return { claiming };
    });
    expect([...(await meanwhile.claiming), ...(await claim(5))]).toHaveLength(2);
  });

  it('serves destinations in turn: one with many due does not come before one with few', async () => {
    const [busy, quiet] = [newAccountId(), newAccountId()];
    await enqueue(...Array.from({ length: 10 }, () => ({ url: 'https://busy.example/', accountId: busy })));
    await enqueue({ url: 'https://quiet.example/', accountId: quiet });
    const rounds = [await claim(2), await claim(2)];
    expect(rounds[0]!.map(({ host }) => host).sort()).toEqual(['busy.example', 'busy.example', 'quiet.example']);
    expect(rounds[1]!.map(({ host }) => host)).toEqual(['busy.example', 'busy.example']);
  });

  it('leaves alone what is full', async () => {
    const [a, b] = [newAccountId(), newAccountId()];
    const url = 'https://same.example/';
    await enqueue({ url, accountId: a }, { url: 'https://other.example/', accountId: a }, { url, accountId: b });
    const full = { accounts: [b], destinations: [{ accountId: a, host: 'same.example' }] };
    expect((await claim(5, full)).map(({ host }) => host)).toEqual(['other.example']);
    expect(await claim(5)).toHaveLength(2);
  });

  it('gives out a failed delivery again when its wait is over, and a delivered one never', async () => {
    await enqueue({ url: 'https://a.example/', accountId: newAccountId() });
    const [first] = await claim(1);
    await settle(first!, 0);
    const [again] = await claim(1);
    expect(again).toMatchObject({ id: first!.id, tries: 1, event: { id: first!.event.id } });
    await settle(again!);
    await database.query('UPDATE destinations SET due_at = now()');
    expect(await claim(1)).toEqual([]);
    expect(await database.query('SELECT due_at FROM destinations')).toEqual([{ due_at: null }]);
  });

  it('ignores the outcome of an attempt whose delivery has gone on without it', async () => {
    await enqueue({ url: 'https://a.example/', accountId: newAccountId() });
    const [delivery] = await claim(1);
    await settle(delivery!);
    await settle(delivery!, 0);
    expect(await database.query('SELECT status, tries FROM deliveries')).toEqual([{ status: 'DELIVERED', tries: 1 }]);
    expect(await database.query('SELECT status FROM delivery_attempts')).toEqual([{ status: 200 }]);
  });

  it('gives out at once what was released', async () => {
    await enqueue({ url: 'https://a.example/', accountId: newAccountId() });
    const held = await claim(1);
    expect(await claim(1)).toEqual([]);
    await queue.release(held);
    expect(await claim(1)).toMatchObject([{ id: held[0]!.id, tries: 0 }]);
  });

  it('finds what is due by its indexes, however much waits', async () => {
    await database.query(
      `INSERT INTO events SELECT 'evt_' || n, 'acc_' || n % 100, 'generation.completed', now(), '{}'
       FROM generate_series(1, 20000) AS n`,
    );
    await database.query(
      `INSERT INTO deliveries (id, event_id, account_id, url, host, due_at)
       SELECT 'waits_' || n, 'evt_' || n, 'acc_' || n % 100, '', 'host' || n % 2000, now() + interval '1 hour'
       FROM generate_series(1, 20000) AS n`,
    );
    await database.query(
      'INSERT INTO destinations SELECT account_id, host, min(due_at) FROM deliveries GROUP BY account_id, host',
    );
    await database.query('ANALYZE deliveries, destinations, events');
    await enqueue({ url: 'https://a.example/', accountId: newAccountId() });

    const counting = new CountingDatabase(database.dataSource);
    const { claimed } = await new QueueRepository(counting).claim(NOTHING_FULL, upTo(5), LEASE_MS);
    expect(claimed).toHaveLength(1);
    expect(counting.scans.whole).toBe(0);
    expect(counting.scans.indexed).toBeGreaterThan(3);
  });
});
