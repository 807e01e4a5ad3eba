import { readFile } from 'node:fs/promises';
import { families } from '@doitong/providers';
import { connectOptions } from '@doitong/service-kit';
import { startTestNats, type TestNats } from '@doitong/support';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { newAccess } from './access.js';
import { authorization } from './configuration.js';
import { serviceIdentities } from './identities.js';

/** A bound on a hang only: a refusal comes by itself. */
const PATIENCE_MS = 30_000;

const identities = serviceIdentities(Object.keys(families));
const services = identities.map(({ name }) => name).filter((name) => name !== 'admin');
const access = newAccess(identities);
let nats: TestNats;
const open: NatsConnection[] = [];

beforeAll(async () => {
  nats = await startTestNats(access);
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((connection) => connection.close()));
});
afterAll(() => nats.stop());

async function as(name: string): Promise<NatsConnection> {
  const connection = await connect({ ...connectOptions(access.urlOf(name, nats.url)), reconnect: false });
  open.push(connection);
  return connection;
}

const refused = expect.stringMatching(/^Permissions Violation for /);
/** What comes of asking: `answered`, or why not. */
const ask = (connection: NatsConnection, subject: string) =>
  connection.request(subject, '{}', { timeout: PATIENCE_MS }).then(
    () => 'answered',
    (error) => error.message,
  );
/** Why it may not listen; undefined when it may. */
async function listen(connection: NatsConnection, subject: string): Promise<string | undefined> {
  let failure: string | undefined;
  connection.subscribe(subject, {
    callback: (error) => {
      failure ??= error?.message;
    },
  });
  await connection.flush();
  return failure;
}

describe('the shipped configuration of NATS', () => {
  it('is the one that is committed (else: npm run nats-identities)', async () => {
    const committed = await readFile(new URL('../../../../k8s/nats-identities.conf', import.meta.url), 'utf8');
    expect(committed.replace(/^#.*\n/gm, '')).toBe(authorization(identities));
  });

  it('lets nobody in without a password, nor with that of another', async () => {
    const wrong = access.urlOf('worker-hedra', nats.url).replace('worker-hedra', 'admin');
    for (const url of [nats.url, wrong]) {
      await expect(connect({ ...connectOptions(url), reconnect: false })).rejects.toThrow(/authorization/i);
    }
  });

  it('lets the admin alone ask what is the operator’s', async () => {
    const billing = await as('billing');
    const heard: string[] = [];
    billing.subscribe('admin.credits.add', {
      callback: (_error, message) => {
        heard.push(message.subject);
        message.respond('{}');
      },
    });
    await billing.flush();
    for (const service of services) expect(await ask(await as(service), 'admin.credits.add')).toEqual(refused);
    expect(heard).toEqual([]);
    expect(await ask(await as('admin'), 'admin.credits.add')).toBe('answered');
    expect(await ask(await as('admin'), 'billing.settle')).toEqual(refused);
  });

  it('lets a worker use what it needs to carry out attempts, and nothing else', async () => {
    const worker = await as('worker-minimax');
    const others = [
      'admin.account.create',
      'billing.settle',
      'billing.key.issue',
      'generations.cancel',
      'JOBS.minimax',
      'attempt.completed',
      'attempt.completed.hedra',
      'attempt.hint.hedra',
      'catalog.announce.hedra',
      'catalog.leave.hedra',
      'catalog.changed',
    ];
    for (const subject of others) expect([subject, await ask(worker, subject)]).toEqual([subject, refused]);
    const read = [
      '>',
      'admin.>',
      'billing.authenticate',
      'generations.create',
      'JOBS.*',
      '_INBOX.gateway.>',
      '_INBOX.>',
      'attempt.hint.*',
      'attempt.hint.hedra',
    ];
    for (const subject of read) expect([subject, await listen(worker, subject)]).toEqual([subject, refused]);
    expect(await listen(worker, 'attempt.hint.minimax')).toBeUndefined();
  });

  it('lets a worker read the jobs of its own family only, and make no stream', async () => {
    const [generations, worker] = await Promise.all([as('generations'), as('worker-minimax')]);
    const options = { checkAPI: false, timeout: PATIENCE_MS };
    const stream = { name: 'JOBS', subjects: ['JOBS.>'] };
    const [maker, reader] = [await jetstreamManager(generations, options), await jetstreamManager(worker, options)];
    await expect(reader.streams.add(stream)).rejects.toMatchObject({ message: refused });
    await maker.streams.add(stream);
    const consumer = (family: string) =>
      reader.consumers.add('JOBS', { durable_name: `worker-${family}`, filter_subject: `JOBS.${family}` });
    expect((await consumer('minimax')).name).toBe('worker-minimax');
    await expect(consumer('hedra')).rejects.toMatchObject({ message: refused });
  });

  it('lets who only answers say nothing of its own', async () => {
    const dispatcher = await as('webhook-dispatcher');
    expect(await ask(dispatcher, 'generations.cancel')).toEqual(refused);
    expect(await ask(dispatcher, '_INBOX.gateway.any')).toEqual(refused);
  });
});
