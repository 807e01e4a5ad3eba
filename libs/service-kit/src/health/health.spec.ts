import { createTestDatabase, startTestNats, type TestDatabase, type TestNats, waitFor } from '@doitong/support';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { readableLogger } from '../__fixtures__/logs.js';
import { onAnyPort, speaking } from '../__fixtures__/parrot.js';
import { persistence } from '../__fixtures__/tables.js';
import { migrate } from '../persistence/migrate.js';
import { PersistenceModule } from '../persistence/persistence.module.js';
import { type RunningService, startService } from '../runtime/run-service.js';

const { logger, lines } = readableLogger('garden');
let server: TestDatabase;
let nats: TestNats;
let service: RunningService;

beforeAll(async () => {
  [server, nats] = await Promise.all([createTestDatabase(), startTestNats()]);
  await migrate(persistence, server.url);
  service = await startService({
    ...onAnyPort('garden', nats.url, speaking, PersistenceModule.register(persistence, server.url, 2)),
    logger,
  });
});
afterAll(async () => {
  await service.stop();
  await Promise.all([server.drop(), nats.stop()]);
});

async function get(path: string) {
  const response = await fetch(service.url + path);
  return { status: response.status, type: response.headers.get('content-type'), text: await response.text() };
}
const readiness = async () => {
  const { status, text } = await get('/readyz');
  return { status, checks: JSON.parse(text).checks };
};

it('/healthz answers, /readyz names what the service depends on', async () => {
  expect(await get('/healthz')).toMatchObject({ status: 200, text: '{"status":"ok"}' });
  expect(await readiness()).toEqual({ status: 200, checks: { nats: 'ok', 'postgres:garden': 'ok' } });
});

it('/metrics is in the text form of Prometheus, labelled with the service', async () => {
  const { status, type, text } = await get('/metrics');
  expect({ status, type }).toEqual({ status: 200, type: 'text/plain; version=0.0.4; charset=utf-8' });
  expect(text).toMatch(/^process_resident_memory_bytes\{service="garden"\} \d+$/m);
});

it('what is not there is 404', async () => {
  expect(await get('/nothing')).toMatchObject({ status: 404 });
});

it('/readyz is 503 and names PostgreSQL while that is gone; the process lives on', async () => {
  await server.drop();
  await waitFor(async () =>
    expect(await readiness()).toEqual({ status: 503, checks: { nats: 'ok', 'postgres:garden': 'failed' } }),
  );
  expect((await get('/healthz')).status).toBe(200);
});

it('NATS that was away is told of in the log, and is ready again when it is back', async () => {
  await nats.restart();
  await waitFor(async () => expect((await readiness()).checks.nats).toBe('ok'));
  expect(lines.map(({ msg }) => msg)).toEqual(expect.arrayContaining(['NATS is gone, waiting for it', 'NATS is back']));
});

it('/readyz is 503 and names NATS while that is gone, and no stop waits for it', async () => {
  await nats.stop();
  await waitFor(async () =>
    expect(await readiness()).toMatchObject({
      status: 503,
      checks: { nats: expect.stringMatching('failed|no answer') },
    }),
  );
  expect((await get('/healthz')).status).toBe(200);
  const startedAt = Date.now();
  await service.stop();
  expect(Date.now() - startedAt).toBeLessThan(5_000);
});
