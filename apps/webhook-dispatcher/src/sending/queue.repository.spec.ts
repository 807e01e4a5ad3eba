import { setTimeout as sleep } from 'node:timers/promises';
import { createDataSource, Database, migrate, type Queryable } from '@doitong/service-kit';
import { createTestDatabase, type TestDatabase } from '@doitong/support';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { event, newAccountId } from '../__fixtures__/events.js';
import { DeliveriesRepository } from '../deliveries/deliveries.repository.js';
import { hostOf } from '../deliveries/destinations.js';
import { persistence } from '../persistence.js';
import type { Candidate } from './places.js';
import { type Attempt, type ClaimedDelivery, QueueRepository } from './queue.repository.js';

const NOTHING_FULL = { accounts: [], destinations: [] };
const LEASE_MS = 600_000;
const SCALE = 1;

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
  const wanted = targets.map(({ url, accountId }) => {
    const { id: eventId, type, data } = event(url, accountId);
    const mode = 'live' as const;
    made += 1;
    return {
      event: { id: eventId, accountId, type, occurredAt: data.completedAt!, data },
      delivery: {
        id: `dlv_${made}`,
        eventId,
        accountId,
        mode,
        endpointId: null,
        url,
        target: hostOf(url, mode),
      },
    };
  });
  return new DeliveriesRepository(database).add(
    wanted.map(({ event }) => event),
    wanted.map(({ delivery }) => delivery),
    on,
  );
}

const upTo = (places: number) => (ready: Candidate[]) =>
  ready.map(({ accountId, target, onProbation }) => ({ accountId, target, places: onProbation ? 1 : places }));

async function claim(places: number, full: Parameters<QueueRepository['claim']>[0] = NOTHING_FULL) {
  const { claimed } = await queue.claim(full, upTo(places), LEASE_MS);
  return claimed;
}

const attempt = (delivery: ClaimedDelivery, status: number | null): Attempt => ({
  deliveryId: delivery.id,
  number: delivery.tries + 1,
  at: new Date(),
  status,
  latencyMs: 1,
  error: null,
  answer: '',
});

const settle = (delivery: ClaimedDelivery, waitMs?: number) =>
  queue.settle(
    [
      {
        delivery,
        attempt: attempt(delivery, waitMs === undefined ? 200 : 500),
        verdict: waitMs === undefined ? { status: 'DELIVERED' } : { status: 'PENDING', waitMs },
      },
    ],
    SCALE,
  );

/** It did not answer, and is due again at once. */
const silence = (delivery: ClaimedDelivery) =>
  queue.settle([{ delivery, attempt: attempt(delivery, null), verdict: { status: 'PENDING', waitMs: 0 } }], SCALE);

/** From the failure that opened it. */
const openSeconds = async () => {
  const [row] = await database.query<{ seconds: number }>(
    'SELECT extract(epoch FROM open_until - failed_at)::float8 AS seconds FROM destinations',
  );
  return row?.seconds ?? null;
};
const openEnds = () => database.query('UPDATE destinations SET open_until = now() WHERE open_until IS NOT NULL');

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
      // It passes over what is locked, or waits for it.
      await Promise.race([claiming, sleep(100)]);
      return { claiming };
    });
    expect([...(await meanwhile.claiming), ...(await claim(5))]).toHaveLength(2);
  });

  it('serves destinations in turn: one with many due does not come before one with few', async () => {
    const [busy, quiet] = [newAccountId(), newAccountId()];
    await enqueue(...Array.from({ length: 10 }, () => ({ url: 'https://busy.example/', accountId: busy })));
    await enqueue({ url: 'https://quiet.example/', accountId: quiet });
    const rounds = [await claim(2), await claim(2)];
    expect(rounds[0]!.map(({ target }) => target).sort()).toEqual(['busy.example', 'busy.example', 'quiet.example']);
    expect(rounds[1]!.map(({ target }) => target)).toEqual(['busy.example', 'busy.example']);
  });

  it('leaves alone what is full', async () => {
    const [a, b] = [newAccountId(), newAccountId()];
    const url = 'https://same.example/';
    await enqueue({ url, accountId: a }, { url: 'https://other.example/', accountId: a }, { url, accountId: b });
    const full = { accounts: [b], destinations: [{ accountId: a, target: 'same.example' }] };
    expect((await claim(5, full)).map(({ target }) => target)).toEqual(['other.example']);
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
      `INSERT INTO deliveries (id, event_id, account_id, url, target, due_at)
       SELECT 'waits_' || n, 'evt_' || n, 'acc_' || n % 100, '', 'host' || n % 2000, now() + interval '1 hour'
       FROM generate_series(1, 20000) AS n`,
    );
    await database.query(
      'INSERT INTO destinations SELECT account_id, target, min(due_at) FROM deliveries GROUP BY account_id, target',
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

describe('the circuit of a destination', () => {
  const target = () => ({ url: 'https://dead.example/', accountId: newAccountId() });

  it('opens after five attempts in a row without an answer, for longer after each, up to 15 minutes', async () => {
    await enqueue(...Array(20).fill(target()));
    for (let n = 1; n <= 4; n++) await silence((await claim(1))[0]!);
    expect(await openSeconds()).toBeNull();
    const lasted: number[] = [];
    for (let n = 5; n <= 12; n++) {
      await silence((await claim(1))[0]!);
      lasted.push((await openSeconds())!);
      expect(await claim(1)).toEqual([]);
      await openEnds();
    }
    expect(lasted).toEqual([30, 60, 120, 240, 480, 900, 900, 900]);
  });

  it('lets one attempt through at a time when it has been open for long enough, and all when that is answered', async () => {
    await enqueue(...Array(20).fill(target()));
    for (let n = 1; n <= 5; n++) await silence((await claim(1))[0]!);
    await openEnds();
    const [trial, ...others] = await claim(8);
    expect(others).toEqual([]);
    await database.query('UPDATE destinations SET due_at = now()');
    expect(await claim(8)).toEqual([]);
    await settle(trial!, 3_600_000);
    expect(await openSeconds()).toBeNull();
    expect(await claim(8)).toHaveLength(8);
  });

  it('takes no tries of those that wait behind it, and none from other destinations', async () => {
    const dead = target();
    await enqueue(...Array(10).fill(dead), { url: 'https://alive.example/', accountId: dead.accountId });
    for (let n = 1; n <= 5; n++) await silence((await claim(1)).find(({ target }) => target === 'dead.example')!);
    await database.query(`UPDATE deliveries SET due_at = now() WHERE target = 'alive.example'`);
    await database.query(`UPDATE destinations SET due_at = now() WHERE target = 'alive.example'`);
    expect((await claim(8)).map(({ target }) => target)).toEqual(['alive.example']);
    const [sum] = await database.query('SELECT sum(tries)::integer AS tries FROM deliveries');
    expect(sum).toEqual({ tries: 5 });
  });
});

describe('a destination that fails', () => {
  const failAfter = async (failingFor: string, failedAgo: string) => {
    await enqueue({ url: 'https://a.example/', accountId: newAccountId() });
    const [delivery] = await claim(1);
    await database.query(
      'UPDATE destinations SET failing_since = now() - $1::interval, failed_at = now() - $2::interval',
      [failingFor, failedAgo],
    );
    return settle(delivery!, 0);
  };

  it('is hopeless after five days of nothing but failures', async () => {
    expect(await failAfter('5 days 1 minute', '1 day')).toMatchObject([{ target: 'a.example' }]);
  });

  it('is not before that, nor where it was not tried for long', async () => {
    expect(await failAfter('4 days 23 hours', '1 day')).toEqual([]);
    await database.query('TRUNCATE events, deliveries, delivery_attempts, destinations');
    expect(await failAfter('30 days', '29 days')).toEqual([]);
  });

  it('is not after one success', async () => {
    const accountId = newAccountId();
    await enqueue(...Array(2).fill({ url: 'https://a.example/', accountId }));
    const [first, second] = await claim(2);
    await database.query(`UPDATE destinations SET failing_since = now() - interval '6 days', failed_at = now()`);
    await settle(first!);
    expect(await settle(second!, 0)).toEqual([]);
  });
});
