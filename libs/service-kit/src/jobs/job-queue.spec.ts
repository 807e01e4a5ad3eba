import type { Job } from '@doitong/contracts';
import { startTestNats, type TestNats, waitFor } from '@doitong/support';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { readableLogger } from '../__fixtures__/logs.js';
import { currentContext, withContext } from '../logging/request-context.js';
import { Ids } from '../runtime/ids.js';
import type { JobConsumer, JobOutcome } from './job-consumer.js';
import { JobQueue } from './job-queue.js';

const FAMILY = 'parrots';
const LEASE_MS = 600;

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
  await queue.ensureStream();
});
afterEach(async () => {
  await Promise.all(consumers.map((consumer) => consumer.stop()));
  await connection.close();
  await nats.stop();
});

const newJob = (): Job => ({ attemptId: ids.next('att'), generationId: ids.next('gen') });
const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

function consume(work: (job: Job) => Promise<JobOutcome>, concurrency = 10, from = queue): void {
  consumers.push(from.consume(FAMILY, { concurrency, leaseMs: LEASE_MS }, work));
}

async function publish(many: number): Promise<string[]> {
  const jobs = Array.from({ length: many }, newJob);
  await Promise.all(jobs.map((job) => queue.publish(FAMILY, job)));
  return jobs.map(({ attemptId }) => attemptId).sort();
}

async function waiting(): Promise<number> {
  const manager = await jetstreamManager(connection, { timeout: 500 });
  return (await manager.streams.info('JOBS')).state.messages;
}

it('each job is worked on once, by one of all workers, never more of them at once than agreed', async () => {
  const worked: string[] = [];
  const busy = [0, 0];
  const most = [0, 0];
  for (const own of [0, 1]) {
    consume(async ({ attemptId }) => {
      busy[own]! += 1;
      most[own] = Math.max(most[own]!, busy[own]!);
      await pause(10);
      busy[own]! -= 1;
      worked.push(attemptId);
      return 'done';
    }, 5);
  }
  const published = await publish(100);
  await waitFor(() => expect(worked).toHaveLength(100));
  await waitFor(async () => expect(await waiting()).toBe(0));
  expect([...worked].sort()).toEqual(published);
  expect(most).toEqual([5, 5]);
});

it('a job takes much longer than its lease while its worker lives', async () => {
  let times = 0;
  consume(async () => {
    times += 1;
    await pause(LEASE_MS * 2);
    return 'done';
  });
  await publish(1);
  await waitFor(async () => expect(await waiting()).toBe(0));
  expect(times).toBe(1);
});

it('the job of a worker that dies goes to another after its lease, and not before', async () => {
  const dying = await connect({ servers: nats.url });
  let bury = () => {};
  const buried = new Promise<void>((resolve) => {
    bury = resolve;
  });
  let diedAt = 0;
  consume(
    async () => {
      // Dead is whoever is heard of no more.
      await dying.close();
      diedAt = Date.now();
      await buried;
      return 'done';
    },
    10,
    new JobQueue(dying, logger),
  );
  const published = await publish(1);
  await waitFor(() => expect(diedAt).toBeGreaterThan(0));
  const taken: { attemptId: string; at: number }[] = [];
  consume(async ({ attemptId }) => {
    taken.push({ attemptId, at: Date.now() });
    return 'done';
  });
  await waitFor(() => expect(taken.map(({ attemptId }) => attemptId)).toEqual(published));
  bury();
  expect(taken[0]!.at - diedAt).toBeGreaterThan(LEASE_MS / 2);
  await waitFor(async () => expect(await waiting()).toBe(0));
});

it('a job comes again when its worker said, or a second after it broke down', async () => {
  const at: number[] = [];
  consume(async () => {
    at.push(Date.now());
    if (at.length === 1) return { retryAfterMs: 300 };
    if (at.length === 2) throw new Error('broke down');
    return 'done';
  });
  await publish(1);
  await waitFor(() => expect(at).toHaveLength(3));
  expect(at[1]! - at[0]!).toBeGreaterThanOrEqual(280);
  expect(at[1]! - at[0]!).toBeLessThan(900);
  expect(at[2]! - at[1]!).toBeGreaterThanOrEqual(980);
  expect(lines.at(-1)).toMatchObject({ msg: 'job failed, will be delivered again' });
});

it('what is no job is thrown away, and holds nothing up', async () => {
  let times = 0;
  consume(async () => {
    times += 1;
    return 'done';
  });
  connection.publish(`JOBS.${FAMILY}`, 'no JSON');
  connection.publish(`JOBS.${FAMILY}`, JSON.stringify({ attemptId: 'nobody' }));
  await publish(1);
  await waitFor(async () => expect(await waiting()).toBe(0));
  expect(times).toBe(1);
});

it('a job is worked on in the context in which it was published', async () => {
  const contexts: unknown[] = [];
  consume(async () => {
    contexts.push(currentContext());
    return 'done';
  });
  const job = newJob();
  await withContext({ requestId: 'one-request' }, () => queue.publish(FAMILY, job));
  await waitFor(() => expect(contexts).toEqual([{ requestId: 'one-request', generationId: job.generationId }]));
});

it('stopping waits for the jobs in hand, takes no others and keeps none back', async () => {
  const ended: string[] = [];
  consume(async ({ attemptId }) => {
    await pause(150);
    ended.push(attemptId);
    return 'done';
  }, 3);
  const published = await publish(10);
  await pause(50);
  await consumers.pop()!.stop();
  expect(ended).toHaveLength(3);
  await pause(200);
  expect(ended).toHaveLength(3);
  consume(async ({ attemptId }) => {
    ended.push(attemptId);
    return 'done';
  });
  await waitFor(() => expect([...ended].sort()).toEqual(published), { timeoutMs: LEASE_MS });
});

it('a deleted stream is made anew, and what is published again is worked on', async () => {
  const worked: string[] = [];
  consume(async ({ attemptId }) => {
    worked.push(attemptId);
    return 'done';
  });
  const first = await publish(1);
  await waitFor(() => expect(worked).toEqual(first));
  await (await jetstreamManager(connection)).streams.delete('JOBS');
  await queue.ensureStream();
  const second = await publish(1);
  await waitFor(() => expect(worked).toEqual([...first, ...second]));
});

it('NATS that comes back without its whole store is worked with again, and a job in hand ends well', async () => {
  const worked: string[] = [];
  consume(async ({ attemptId }) => {
    await pause(400);
    worked.push(attemptId);
    return 'done';
  });
  const first = await publish(1);
  await pause(50);
  await nats.restart({ wipe: true });
  await waitFor(() => queue.ensureStream());
  const second = await publish(1);
  await waitFor(() => expect(worked).toEqual([...first, ...second]));
});

it('an empty queue is waited on in silence', async () => {
  const before = lines.length;
  consume(async () => 'done');
  await pause(2_500);
  expect(lines.slice(before)).toEqual([]);
  const published = await publish(1);
  expect(published).toHaveLength(1);
  await waitFor(async () => expect(await waiting()).toBe(0));
});
