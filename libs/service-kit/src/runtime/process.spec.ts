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
let stopping: Process;
let dying: Process;
const processes: ServerProcess[] = [];

beforeAll(async () => {
  nats = await startTestNats();
  connection = await connect({ servers: nats.url });
  bus = new MessageBus(connection);
  [stopping, dying] = await Promise.all([start(), start({ HOARD: 'true' })]);
  for (const { child, lines } of [stopping, dying]) {
    await child.ready(() => (lines.some((line) => line.includes('"msg":"started"')) ? true : undefined), 20_000);
  }
});
afterAll(async () => {
  await Promise.all(processes.map((one) => one.stop([['SIGKILL', 5_000]])));
  await connection.close();
  await nats.stop();
});

interface Process {
  child: ServerProcess;
  lines: string[];
  port: number;
}

async function start(env: Record<string, string> = {}): Promise<Process> {
  const lines: string[] = [];
  const port = await freePort();
  const child = new ServerProcess('parrot', process.execPath, [MAIN], {
    env: { ...process.env, NODE_OPTIONS: '', NATS_URL: nats.url, PORT: String(port), ...env },
    log: (line) => void lines.push(line),
  });
  processes.push(child);
  return { child, lines, port };
}

it('an environment that cannot be used, or a port that is taken, ends a process with one line and code 1', async () => {
  const { port } = stopping;
  const [wrong, second] = await Promise.all([start({ NATS_URL: 'http://elsewhere' }), start({ PORT: String(port) })]);
  for (const { child } of [wrong, second]) await waitFor(() => expect(child.exitCode).toBe(1), { timeoutMs: 20_000 });
  expect(wrong.lines).toEqual(['NATS_URL must match pattern "^(nats|tls)://"']);
  expect(second.lines.at(-1)).toBe(`listen EADDRINUSE: address already in use 127.0.0.1:${port}`);
});

it('the job of a process that is killed goes to another after its lease', async () => {
  const { logger } = readableLogger('jobs');
  const queue = new JobQueue(connection, logger);
  const ids = new Ids();
  const attemptId = ids.next('att');
  await queue.ensureStream();
  await queue.publish('parrots', { attemptId, generationId: ids.next('gen') });
  await waitFor(() => expect(dying.lines).toContain(`took ${attemptId}`));
  await dying.child.stop([['SIGKILL', 5_000]]);
  const taken: string[] = [];
  const consumer = queue.consume('parrots', { concurrency: 10, leaseMs: 600 }, async (job) => {
    taken.push(job.attemptId);
    return 'done';
  });
  await waitFor(() => expect(taken).toEqual([attemptId]));
  await consumer.stop();
});

it('SIGTERM: what was asked over NATS is answered, the end is in order and soon, with code 0', async () => {
  const { child, lines } = stopping;
  const answers = Array.from({ length: 300 }, () => bus.request(parrot.saySlowly, { text: 'kraa', ms: 300 }));
  await connection.flush();
  const startedAt = Date.now();
  await child.stop([['SIGTERM', 10_000]]);
  expect(Date.now() - startedAt).toBeLessThan(5_000);
  expect(child.exitCode).toBe(0);
  await expect(Promise.all(answers)).resolves.toHaveLength(300);
  expect(lines.filter((line) => line.includes('"msg":"stopped"'))).toHaveLength(1);
});
