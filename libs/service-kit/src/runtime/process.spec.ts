import { fileURLToPath } from 'node:url';
import { freePort, ServerProcess } from '@doitong/local-servers';
import { startTestNats, type TestNats, waitFor } from '@doitong/support';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { readableLogger } from '../__fixtures__/logs.js';
import { parrot } from '../__fixtures__/messages.js';
import { MessageBus } from '../bus/message-bus.js';
import { JobQueue } from '../jobs/job-queue.js';
import { Ids } from './ids.js';

/** Runs what `npm run build` has built. */
const MAIN = fileURLToPath(new URL('../__fixtures__/parrot-main.mjs', import.meta.url));

let nats: TestNats;
let connection: NatsConnection;
let bus: MessageBus;
const processes: ServerProcess[] = [];

beforeAll(async () => {
  nats = await startTestNats();
  connection = await connect({ servers: nats.url });
  bus = new MessageBus(connection);
});
afterAll(async () => {
  await Promise.all(processes.map((one) => one.stop([['SIGKILL', 5_000]])));
  await connection.close();
  await nats.stop();
});

async function start(env: Record<string, string> = {}) {
  const lines: string[] = [];
  const port = await freePort();
  const child = new ServerProcess('parrot', process.execPath, [MAIN], {
    env: { ...process.env, NODE_OPTIONS: '', NATS_URL: nats.url, PORT: String(port), ...env },
    log: (line) => void lines.push(line),
  });
  processes.push(child);
  return { child, lines, port, url: `http://127.0.0.1:${port}` };
}

async function started(env?: Record<string, string>) {
  const service = await start(env);
  await service.child.ready(
    () => (service.lines.some((line) => line.includes('"msg":"started"')) ? true : undefined),
    20_000,
  );
  return service;
}

it('SIGTERM: what was asked over NATS is answered, the end is in order and soon, with code 0', async () => {
  const { child, lines } = await started();
  const answers = Array.from({ length: 300 }, () => bus.request(parrot.saySlowly, { text: 'kraa', ms: 300 }));
  await connection.flush();
  const startedAt = Date.now();
  await child.stop([['SIGTERM', 10_000]]);
  expect(Date.now() - startedAt).toBeLessThan(5_000);
  expect(child.exitCode).toBe(0);
  await expect(Promise.all(answers)).resolves.toHaveLength(300);
  expect(lines.filter((line) => line.includes('"msg":"stopped"'))).toHaveLength(1);
});

it('an environment that cannot be used, or a port that is taken, ends the process with one line and code 1', async () => {
  const wrong = await start({ NATS_URL: 'http://elsewhere' });
  await waitFor(() => expect(wrong.child.exitCode).toBe(1), { timeoutMs: 10_000 });
  expect(wrong.lines).toEqual(['NATS_URL must match pattern "^(nats|tls)://"']);

  const { port } = await started();
  const second = await start({ PORT: String(port) });
  await waitFor(() => expect(second.child.exitCode).toBe(1), { timeoutMs: 10_000 });
  expect(second.lines.at(-1)).toBe(`listen EADDRINUSE: address already in use 127.0.0.1:${port}`);
});

it('the job of a process that is killed goes to another after its lease', async () => {
  const { logger } = readableLogger('jobs');
  const queue = new JobQueue(connection, logger);
  const ids = new Ids();
  const { child, lines } = await started({ HOARD: 'true' });
  const attemptId = ids.next('att');
  await queue.publish('parrots', { attemptId, generationId: ids.next('gen') });
  await waitFor(() => expect(lines).toContain(`took ${attemptId}`));
  await child.stop([['SIGKILL', 5_000]]);
  const taken: string[] = [];
  const consumer = queue.consume('parrots', { concurrency: 10, leaseMs: 600 }, async (job) => {
    taken.push(job.attemptId);
    return 'done';
  });
  await waitFor(() => expect(taken).toEqual([attemptId]));
  await consumer.stop();
});
