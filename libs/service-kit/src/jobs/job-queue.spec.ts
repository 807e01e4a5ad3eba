import type { Job } from '@doitong/contracts';
import { startTestNats, type TestNats, waitFor } from '@doitong/support';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { gate, openGates } from '../__fixtures__/gate.js';
import { readableLogger } from '../__fixtures__/logs.js';
import { ANSWER_MS } from '../__fixtures__/patient-bus.js';
import { currentContext, withContext } from '../logging/request-context.js';
import { Ids } from '../runtime/ids.js';
import type { JobConsumer, JobOutcome } from './job-consumer.js';
import { JobQueue } from './job-queue.js';

const FAMILY = 'parrots';
/** Where a lease is to run out. */
const LEASE_MS = 600;
/** Where none is to: longer than a machine stands still, and shorter than a test waits for a job that was lost with its answer. */
const AMPLE_MS = 12_000;

const ids = new Ids();
const { logger, lines } = readableLogger('jobs');
let nats: TestNats;
let connection: NatsConnection;
let queue: JobQueue;
let consumers: JobConsumer[];

beforeEach(async () => {
  nats = await startTestNats();
  connection = await connect({ servers: nats.url, maxReconnectAttempts: -1, reconnectTimeWait: 50 });
  queue = new JobQueue(connection, logger);
  consumers = [];
  await waitFor(() => queue.ensureStream());
});
afterEach(async () => {
  openGates();
  await stopAll();
  await connection.close();
  await nats.stop();
});

const stopAll = () => Promise.all(consumers.splice(0).map((consumer) => consumer.stop()));
const newJob = (): Job => ({ attemptId: ids.next('att'), generationId: ids.next('gen') });
const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
/** As jobs are delivered at least once. */
const distinct = (some: string[]) => [...new Set(some)].sort();

interface Terms {
  concurrency?: number;
  leaseMs?: number;
  from?: JobQueue;
}

function consume(
  work: (job: Job) => Promise<JobOutcome>,
  { concurrency = 10, leaseMs = AMPLE_MS, from = queue }: Terms = {},
): JobConsumer {
  const consumer = from.consume(FAMILY, { concurrency, leaseMs }, work);
  consumers.push(consumer);
  return consumer;
}

async function publish(many: number): Promise<string[]> {
  const jobs = Array.from({ length: many }, newJob);
  await Promise.all(jobs.map((job) => waitFor(() => queue.publish(FAMILY, job))));
  return jobs.map(({ attemptId }) => attemptId).sort();
}

const manager = () => jetstreamManager(connection, { checkAPI: false, timeout: ANSWER_MS });

async function waiting(): Promise<number> {
  return (await (await manager()).streams.info('JOBS')).state.messages;
}

/** What is said to the server on this subject. */
function overhear(subject: string): string[] {
  const said: string[] = [];
  connection.subscribe(subject, { callback: (_error, message) => void said.push(message.string()) });
  return said;
}

/**
 * Plays a scenario. Should it fail, it counts only if neither this process nor NATS stood still meanwhile for so long that a
 * lease may have run out: else it is played again, with a lease twice as long.
 */
async function undisturbed(scenario: (leaseMs: number) => Promise<void>, leaseMs = LEASE_MS): Promise<void> {
  let longestMs = 0;
  let over = false;
  const watch = async () => {
    while (!over) {
      const since = performance.now();
      await pause(5);
      await connection.flush();
      longestMs = Math.max(longestMs, performance.now() - since);
    }
  };
  const watching = watch();
  const failure = await scenario(leaseMs).then(
    () => undefined,
    (error: unknown) => ({ error }),
  );
  over = true;
  await watching;
  if (!failure) return;
  if (longestMs < leaseMs / 3) throw failure.error;
  await stopAll();
  await (await manager()).streams.purge('JOBS');
  await undisturbed(scenario, 2 * leaseMs);
}

it(
  'each job is worked on by one of all workers, never more of them at once than agreed',
  () =>
    undisturbed(async (leaseMs) => {
      const worked: string[] = [];
      const busy = [0, 0];
      const most = [0, 0];
      const held = gate();
      for (const own of [0, 1]) {
        const work = async ({ attemptId }: Job) => {
          busy[own]! += 1;
          most[own] = Math.max(most[own]!, busy[own]!);
          await held.passed;
          await pause(10);
          busy[own]! -= 1;
          worked.push(attemptId);
          return 'done' as const;
        };
        consume(work, { concurrency: 5, leaseMs });
      }
      const published = await publish(100);
      await waitFor(() => expect(busy).toEqual([5, 5]));
      held.open();
      await waitFor(() => expect(distinct(worked)).toEqual(published));
      await waitFor(async () => expect(await waiting()).toBe(0));
      expect(most).toEqual([5, 5]);
      // Twice only when a lease ran out, or an answer was lost.
      expect(worked).toHaveLength(100);
    }, AMPLE_MS),
  120_000,
);

it(
  'a job takes much longer than its lease while its worker lives',
  () =>
    undisturbed(async (leaseMs) => {
      let times = 0;
      const work = async () => {
        times += 1;
        await pause(leaseMs * 2);
        return 'done' as const;
      };
      consume(work, { leaseMs });
      await publish(1);
      await waitFor(async () => expect(await waiting()).toBe(0), { timeoutMs: leaseMs * 2 + 20_000 });
      expect(times).toBe(1);
    }),
  120_000,
);

it('the job of a worker that dies goes to another after its lease, and not before', async () => {
  const dying = await connect({ servers: nats.url });
  const buried = gate();
  let dead = false;
  const die = async () => {
    // Dead is whoever is heard of no more.
    await dying.close();
    dead = true;
    await buried.passed;
    return 'done' as const;
  };
  consume(die, { leaseMs: LEASE_MS, from: new JobQueue(dying, logger) });
  const publishedAt = performance.now();
  const published = await publish(1);
  await waitFor(() => expect(dead).toBe(true));
  const taken: { attemptId: string; at: number }[] = [];
  const work = async ({ attemptId }: Job) => {
    taken.push({ attemptId, at: performance.now() });
    return 'done' as const;
  };
  consume(work, { leaseMs: LEASE_MS });
  await waitFor(() => expect(distinct(taken.map(({ attemptId }) => attemptId))).toEqual(published));
  expect(taken[0]!.at - publishedAt).toBeGreaterThan(LEASE_MS * 0.9);
  await waitFor(async () => expect(await waiting()).toBe(0));
});

it('a job comes again when its worker said, or a second after it broke down', async () => {
  const at: number[] = [];
  const logged = lines.length;
  const answers = overhear('$JS.ACK.>');
  consume(async () => {
    at.push(performance.now());
    if (at.length === 1) return { retryAfterMs: 300 };
    if (at.length === 2) throw new Error('broke down');
    return 'done';
  });
  await publish(1);
  await waitFor(async () => expect(await waiting()).toBe(0));
  expect(at[1]! - at[0]!).toBeGreaterThan(300 * 0.9);
  expect(at[2]! - at[1]!).toBeGreaterThan(1_000 * 0.9);
  // In nanoseconds; NATS does the waiting.
  expect(answers.filter((answer) => answer !== '+WPI')).toEqual([
    '-NAK {"delay":300000000}',
    '-NAK {"delay":1000000000}',
    '+ACK',
  ]);
  expect(lines.slice(logged)).toContainEqual(expect.objectContaining({ msg: 'job failed, will be delivered again' }));
});

it('what is no job is thrown away, and holds nothing up', async () => {
  const worked: string[] = [];
  consume(async ({ attemptId }) => {
    worked.push(attemptId);
    return 'done';
  });
  connection.publish(`JOBS.${FAMILY}`, 'no JSON');
  connection.publish(`JOBS.${FAMILY}`, JSON.stringify({ attemptId: 'nobody' }));
  const published = await publish(1);
  await waitFor(async () => expect(await waiting()).toBe(0));
  expect(distinct(worked)).toEqual(published);
});

it('a job is worked on in the context in which it was published', async () => {
  const contexts: unknown[] = [];
  consume(async () => {
    contexts.push(currentContext());
    return 'done';
  });
  const job = newJob();
  await withContext({ requestId: 'one-request' }, () => waitFor(() => queue.publish(FAMILY, job)));
  await waitFor(() => expect(contexts[0]).toEqual({ requestId: 'one-request', generationId: job.generationId }));
});

it('stopping waits for the jobs in hand, takes no others and keeps none back', async () => {
  /** What is kept back comes to nobody else while this test waits. */
  const leaseMs = 120_000;
  const taken: string[] = [];
  const ended: string[] = [];
  const held = gate();
  const leave = async ({ attemptId }: Job) => {
    taken.push(attemptId);
    await held.passed;
    ended.push(attemptId);
    return 'done' as const;
  };
  const leaving = consume(leave, { concurrency: 3, leaseMs });
  const published = await publish(10);
  await waitFor(() => expect(taken).toHaveLength(3));
  let stopped = false;
  const stopping = leaving.stop().then(() => {
    stopped = true;
  });
  await connection.flush();
  expect(stopped).toBe(false);
  held.open();
  await stopping;
  expect(ended).toEqual(taken);
  const stay = async ({ attemptId }: Job) => {
    ended.push(attemptId);
    return 'done' as const;
  };
  consume(stay, { leaseMs });
  await waitFor(() => expect(distinct(ended)).toEqual(published));
  expect(taken).toHaveLength(3);
});

it('a deleted stream is made anew, and what is published again is worked on', async () => {
  const worked: string[] = [];
  consume(async ({ attemptId }) => {
    worked.push(attemptId);
    return 'done';
  });
  const first = await publish(1);
  await waitFor(() => expect(worked).toEqual(expect.arrayContaining(first)));
  await (await manager()).streams.delete('JOBS');
  await waitFor(() => queue.ensureStream());
  const second = await publish(1);
  await waitFor(() => expect(worked).toEqual(expect.arrayContaining(second)));
});

it('NATS that comes back without its whole store is worked with again, and a job in hand ends well', async () => {
  const taken: string[] = [];
  const ended: string[] = [];
  const held = gate();
  consume(async ({ attemptId }) => {
    taken.push(attemptId);
    await held.passed;
    ended.push(attemptId);
    return 'done';
  });
  const first = await publish(1);
  await waitFor(() => expect(taken).toEqual(first));
  await nats.restart({ wipe: true });
  held.open();
  await waitFor(() => expect(ended).toEqual(first));
  await waitFor(() => queue.ensureStream());
  const second = await publish(1);
  await waitFor(() => expect(ended).toEqual(expect.arrayContaining(second)));
});

it(
  'an empty queue is waited on in silence',
  () =>
    undisturbed(async () => {
      const before = lines.length;
      const pulls = overhear(`$JS.API.CONSUMER.MSG.NEXT.JOBS.worker-${FAMILY}`);
      consume(async () => 'done');
      // It asks for jobs again once there was none for it.
      await waitFor(() => expect(pulls.length).toBeGreaterThan(1));
      expect(lines.slice(before)).toEqual([]);
      await publish(1);
      await waitFor(async () => expect(await waiting()).toBe(0));
    }),
  120_000,
);
