import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import pg from 'pg';
import { createTestDatabase, startTestNats, type TestDatabase, testNatsUrl } from './index.js';

/** A bound on a hang only. */
const PATIENT = { timeout: 30_000 };

let databases: TestDatabase[];
beforeAll(async () => {
  databases = await Promise.all([createTestDatabase(), createTestDatabase()]);
});
afterAll(() => Promise.all(databases.map((database) => database.drop())));

async function connected(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  // A dropped database ends its connections.
  client.on('error', () => {});
  await client.connect();
  return client;
}

it('two test databases share nothing', async () => {
  const [one, two] = await Promise.all(databases.map(({ url }) => connected(url)));
  await one!.query('CREATE TABLE mine (id int)');
  await expect(two!.query('SELECT * FROM mine')).rejects.toThrow('does not exist');
  await Promise.all([one!.end(), two!.end()]);
});

it('a dropped database is gone although a client was still connected', async () => {
  const { url, drop } = await createTestDatabase();
  await connected(url);
  await drop();
  await expect(connected(url)).rejects.toThrow('does not exist');
});

it("the run's nats-server answers", async () => {
  const connection = await connect({ servers: await testNatsUrl() });
  await connection.flush();
  await connection.close();
});

it('a nats-server of its own keeps its streams across a restart, and loses them when wiped', async () => {
  const nats = await startTestNats();
  const streams = async () => {
    const connection = await connect({ servers: nats.url });
    const names = await (await jetstreamManager(connection, PATIENT)).streams.names().next();
    await connection.close();
    return names;
  };
  const connection = await connect({ servers: nats.url });
  await (await jetstreamManager(connection, PATIENT)).streams.add({ name: 'KEPT', subjects: ['kept'] });
  await connection.close();

  await nats.restart();
  expect(await streams()).toEqual(['KEPT']);
  await nats.restart({ wipe: true });
  expect(await streams()).toEqual([]);
  await nats.stop();
});
