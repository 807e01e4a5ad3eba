import { createTestDatabase, startTestNats, type TestDatabase, type TestNats, waitFor } from '@doitong/support';
import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { readableLogger } from '../__fixtures__/logs.js';
import { onAnyPort, speaking } from '../__fixtures__/parrot.js';
import { persistence } from '../__fixtures__/tables.js';
import { migrate } from '../persistence/migrate.js';
import { PersistenceModule } from '../persistence/persistence.module.js';
import { type RunningService, startService } from '../runtime/run-service.js';

/** To be stopped after the test, the last first. */
const started: { stop(): Promise<unknown> }[] = [];
let server: TestDatabase;
let nats: TestNats;
let service: RunningService;

beforeAll(async () => {
  [server, nats] = await Promise.all([createTestDatabase(), startTestNats()]);
  await migrate(persistence, server.url);
  service = await startService(onAnyPort('garden', nats.url, speaking, tablesAt(server)));
});
afterAll(async () => {
  await service.stop();
  await Promise.all([server.drop(), nats.stop()]);
});
afterEach(async () => {
  for (const one of started.splice(0).reverse()) await one.stop();
});

const tablesAt = ({ url }: TestDatabase) => PersistenceModule.register(persistence, url, 2);

/** A service with a nats-server that is its own, to take away. */
async function withOwnNats() {
  const { logger, lines } = readableLogger('garden');
  const own = await startTestNats();
  started.push(own);
  const its = await startService({ ...onAnyPort('garden', own.url, speaking), logger });
  started.push(its);
  return { own, its, lines };
}

async function get(path: string, from = service) {
  const response = await fetch(from.managementUrl + path);
  return { status: response.status, type: response.headers.get('content-type'), text: await response.text() };
}
const readiness = async (of = service) => {
  const { status, text } = await get('/readyz', of);
  return { status, checks: JSON.parse(text).checks };
};

it('/healthz answers, /readyz names what the service depends on', async () => {
  expect(await get('/healthz')).toMatchObject({ status: 200, text: '{"status":"ok"}' });
  await waitFor(async () =>
    expect(await readiness()).toEqual({ status: 200, checks: { nats: 'ok', 'postgres:garden': 'ok' } }),
  );
});

it('/metrics is in the text form of Prometheus, labelled with the service', async () => {
  const { status, type, text } = await get('/metrics');
  expect({ status, type }).toEqual({ status: 200, type: 'text/plain; version=0.0.4; charset=utf-8' });
  expect(text).toMatch(/^process_resident_memory_bytes\{service="garden"\} \d+$/m);
});

it.each(['/healthz', '/readyz', '/metrics'])('HEAD %s is answered as its GET, without a body', async (path) => {
  const [got, head] = [
    await fetch(service.managementUrl + path),
    await fetch(service.managementUrl + path, { method: 'HEAD' }),
  ];
  expect([head.status, head.headers.get('content-type')]).toEqual([got.status, got.headers.get('content-type')]);
  expect([(await got.text()) === '', await head.text()]).toEqual([false, '']);
});

it('what is not there is 404', async () => {
  expect(await get('/nothing')).toMatchObject({ status: 404 });
});

it('the port of customers tells that the process lives, and nothing else of it', async () => {
  const status = async (path: string) => (await fetch(service.url + path)).status;
  expect([await status('/healthz'), await status('/readyz'), await status('/metrics')]).toEqual([200, 404, 404]);
});

it('/readyz is 503 and names PostgreSQL while that is gone; the process lives on', async () => {
  const own = await createTestDatabase();
  await migrate(persistence, own.url);
  const its = await startService(onAnyPort('garden', nats.url, tablesAt(own)));
  started.push(its);
  await own.drop();
  await waitFor(async () =>
    expect(await readiness(its)).toEqual({ status: 503, checks: { nats: 'ok', 'postgres:garden': 'failed' } }),
  );
  expect((await get('/healthz', its)).status).toBe(200);
});

it('NATS that was away is told of in the log, and is ready again when it is back', async () => {
  const { own, its, lines } = await withOwnNats();
  await own.restart();
  await waitFor(() =>
    expect(lines.map(({ msg }) => msg)).toEqual(
      expect.arrayContaining(['NATS is gone, waiting for it', 'NATS is back']),
    ),
  );
  await waitFor(async () => expect(await readiness(its)).toEqual({ status: 200, checks: { nats: 'ok' } }));
});

it('/readyz is 503 and names NATS while that is gone, and no stop waits for it', async () => {
  const { own, its } = await withOwnNats();
  await own.stop();
  await waitFor(async () =>
    expect(await readiness(its)).toMatchObject({
      status: 503,
      checks: { nats: expect.stringMatching('failed|no answer') },
    }),
  );
  expect((await get('/healthz', its)).status).toBe(200);
  // It does not come back.
  await expect(its.stop()).resolves.toBeUndefined();
});
