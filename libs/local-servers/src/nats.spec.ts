import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TemporaryFolder, temporaryFolder } from '@doitong/support';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { findNatsServer, freePort, startNats } from './index.js';

/** A bound on a hang only. */
const PATIENCE = { timeout: 30_000 };

let folder: TemporaryFolder;
beforeAll(async () => {
  folder = await temporaryFolder();
});
afterAll(() => folder.remove());

async function publishOne(url: string): Promise<void> {
  const connection = await connect({ servers: url });
  await (await jetstreamManager(connection, PATIENCE)).streams.add({ name: 'KEPT', subjects: ['kept'] });
  await jetstream(connection, PATIENCE).publish('kept', 'one');
  await connection.close();
}

async function keptMessages(url: string): Promise<number> {
  const connection = await connect({ servers: url });
  const { state } = await (await jetstreamManager(connection, PATIENCE)).streams.info('KEPT');
  await connection.close();
  return state.messages;
}

describe('startNats', () => {
  it('keeps the JetStream store across a restart, under the same port', async () => {
    const directory = join(folder.path, 'restart');
    const first = await startNats({ directory, port: await freePort() });
    await publishOne(first.url);
    await first.stop();
    await expect(connect({ servers: first.url, reconnect: false })).rejects.toThrow();

    const second = await startNats({ directory, port: first.port });
    expect(second.url).toBe(first.url);
    expect(await keptMessages(second.url)).toBe(1);
    await second.stop();
  });

  it('replaces a server that still runs on its directory', async () => {
    const directory = join(folder.path, 'leftover');
    const leftover = await startNats({ directory });
    await publishOne(leftover.url);
    const next = await startNats({ directory, port: leftover.port });
    expect(await keptMessages(next.url)).toBe(1);
    await next.stop();
  });

  it('touches no process that a stale pid file happens to name', async () => {
    const directory = join(folder.path, 'stale');
    await (await startNats({ directory })).stop();
    await writeFile(join(directory, 'nats-server.pid'), String(process.pid));
    const server = await startNats({ directory });
    await server.stop();
  });

  it('names a taken port in one line', async () => {
    const holder = await startNats({ directory: join(folder.path, 'holder') });
    await expect(startNats({ directory: join(folder.path, 'late'), port: holder.port })).rejects.toThrow(
      new Error(`Port ${holder.port} on 127.0.0.1, wanted for NATS, is taken.`),
    );
    await holder.stop();
  });
});

describe('findNatsServer', () => {
  const path = process.env.PATH;
  afterEach(() => {
    process.env.PATH = path;
  });

  it('takes the one on the PATH first', async () => {
    const program = join(folder.path, 'nats-server');
    await writeFile(program, '#!/bin/sh\n');
    await chmod(program, 0o755);
    process.env.PATH = `${folder.path}:${path}`;
    expect(await findNatsServer()).toBe(program);
  });
});
