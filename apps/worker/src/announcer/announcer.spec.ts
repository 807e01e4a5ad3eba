import { catalog, saidBy } from '@doitong/contracts';
import { HealthChecks, MessageBus } from '@doitong/service-kit';
import { eventually, startTestNats, type TestNats, waitFor } from '@doitong/support';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { adapterOf, silent } from '../__fixtures__/attempt.js';
import { Vendors } from '../vendors/vendors.js';
import { WorkerIdentity } from '../worker-identity.js';
import { Announcer } from './announcer.js';

const announce = saidBy('acme', catalog.announce);
const leave = saidBy('acme', catalog.leave);
let nats: TestNats;
let connection: NatsConnection;

beforeAll(async () => {
  nats = await startTestNats();
  connection = await connect({ servers: nats.url });
});

afterAll(async () => {
  await connection?.close();
  await nats?.stop();
});

it('a worker is ready only once the catalogue knows it, and says when it goes', async () => {
  const heard: { subject: string; body: { workerId: string; credentials?: object } }[] = [];
  const answer = (subject: string, reply: object) =>
    connection.subscribe(subject, {
      callback: (_error, message) => {
        heard.push({ subject, body: message.json() });
        message.respond(JSON.stringify(reply));
      },
    });
  const health = new HealthChecks();
  health.serve();
  const identity = new WorkerIdentity();
  const vendors = new Vendors({ baseUrl: 'https://vendor.example', credentials: [] }, 'http://127.0.0.1/acme');
  const family = { manifest: { family: 'acme', providers: [] }, adapter: adapterOf({}), baseUrl: '' };
  const announcer = new Announcer(new MessageBus(connection), vendors, identity, silent, health, family);

  await announcer.onApplicationBootstrap();
  expect(await health.run()).toEqual({ ready: false, checks: { 'announced:acme': 'failed' } });

  answer(announce.subject, { beatSeconds: 0.02 });
  answer(leave.subject, {});
  await eventually(async () => (await health.run()).ready);
  await eventually(() => heard.length >= 3);
  await announcer.onModuleDestroy();
  await waitFor(() => expect(heard.at(-1)).toEqual({ subject: leave.subject, body: { workerId: identity.id } }));
  expect(heard[0]?.body).toMatchObject({ workerId: identity.id, credentials: { test: [expect.any(String)] } });
  const beats = heard.length;
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(heard).toHaveLength(beats);
});
