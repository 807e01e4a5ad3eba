import { createHash } from 'node:crypto';
import { mkdir, realpath, rm } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A data directory that this process alone uses. */
export interface DataDir {
  path(...parts: string[]): string;
  release(): Promise<void>;
}

/**
 * Takes `directory`, made if need be. Throws when another process has it.
 * The lock is a listening socket: it ends with its process, however that ends.
 */
export async function takeDataDir(directory: string): Promise<DataDir> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const root = await realpath(directory);
  const name = createHash('sha256').update(root).digest('hex').slice(0, 16);
  const socket = join(tmpdir(), `doitong-${name}.sock`);
  const server = await listen(socket).catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EADDRINUSE') throw error;
    if (await answers(socket)) throw new Error(`DATA_DIR ${root} is in use by another process`);
    await rm(socket, { force: true });
    return listen(socket);
  });
  return {
    path: (...parts) => join(root, ...parts),
    release: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

function listen(socket: string): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer((connection) => connection.destroy());
    server.once('error', reject);
    server.listen(socket, () => resolve(server));
    server.unref();
  });
}

function answers(socket: string): Promise<boolean> {
  return new Promise((resolve) => {
    const connection = connect(socket);
    connection.once('connect', () => {
      connection.destroy();
      resolve(true);
    });
    connection.once('error', () => resolve(false));
  });
}
