import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { freePort, ServerProcess } from '@doitong/local-servers';
import { startTestNats, type TestNats, waitFor } from '@doitong/support';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { readableLogger } from '../__fixtures__/logs.js';
import { parrot } from '../__fixtures__/messages.js';
import { PatientBus } from '../__fixtures__/patient-bus.js';
import { JobQueue } from '../jobs/job-queue.js';
import { Ids } from './ids.js';

/** Runs what `npm run build` has built. */
const MAIN = fileURLToPath(new URL('../__fixtures__/parrot-main.mjs', import.meta.url));
/** Bounds on a hang: of a process, which may have to start first, and of a test. */
const PROCESS_MS = 60_000;
const TEST_MS = 120_000;

let nats: TestNats;
let connection: NatsConnection;
let bus: PatientBus;
let stopping: Process;
let dying: Process;
const processes: ServerProcess[] = [];

beforeAll(async () => {
  nats = await startTestNats();
  connection = await connect({ servers: nats.url });
  bus = new PatientBus(connection);
  [stopping, dying] = await Promise.all([start(), start({ HOARD: 'true' })]);
  for (const { child, lines } of [stopping, dying]) {
    await child.ready(() => (lines.some((line) => line.includes('"msg":"started"')) ? true : undefined), PROCESS_MS);
  }
}, TEST_MS);
afterAll(async () => {
  await Promise.all(processes.map((one) => one.stop([['SIGKILL', PROCESS_MS]])));
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

it(
  'an environment that cannot be used, or a port that is taken, ends a process with one line and code 1',
  async () => {
    const occupant = createServer().listen(0, '127.0.0.1');
    await once(occupant, 'listening');
    const { port } = occupant.address() as AddressInfo;
    const [wrong, second] = await Promise.all([start({ NATS_URL: 'http://elsewhere' }), start({ PORT: String(port) })]);
    const timeoutMs = PROCESS_MS;
    for (const { child } of [wrong, second]) await waitFor(() => expect(child.exitCode).toBe(1), { timeoutMs });
    // What a process has said last may come after its end.
    await waitFor(() => expect(wrong.lines).toEqual(['NATS_URL must match pattern "^(nats|tls)://"']));
    const taken = `listen EADDRINUSE: address already in use 127.0.0.1:${port}`;
    await waitFor(() => expect(second.lines.at(-1)).toBe(taken));
    occupant.close();
  },
  TEST_MS,
);

it(
  'the job of a process that is killed goes to another after its lease',
  async () => {
    const { logger } = readableLogger('jobs');
    const queue = new JobQueue(connection, logger);
    const ids = new Ids();
    const attemptId = ids.next('att');
    await waitFor(() => queue.ensureStream());
    await waitFor(() => queue.publish('parrots', { attemptId, generationId: ids.next('gen') }));
    await waitFor(() => expect(dying.lines).toContain(`took ${attemptId}`));
    await dying.child.stop([['SIGKILL', PROCESS_MS]]);
    const taken: string[] = [];
    const consumer = queue.consume('parrots', { concurrency: 10, leaseMs: 600 }, async (job) => {
      taken.push(job.attemptId);
      return 'done';
    });
    // More often where this process stood still for longer than the lease.
    await waitFor(() => expect([...new Set(taken)]).toEqual([attemptId]));
    await consumer.stop();
  },
  TEST_MS,
);

it(
  'SIGTERM: what was asked over NATS is answered, and the process ends by itself, in order, with code 0',
  async () => {
    const { child, lines } = stopping;
    const answers = Array.from({ length: 300 }, () => bus.request(parrot.saySlowly, { text: 'kraa', ms: 300 }));
    await connection.flush();
    await child.stop([['SIGTERM', PROCESS_MS]]);
    expect(child.exitCode).toBe(0);
    await expect(Promise.all(answers)).resolves.toHaveLength(300);
    await waitFor(() => expect(lines.filter((line) => line.includes('"msg":"stopped"'))).toHaveLength(1));
  },
  TEST_MS,
);
