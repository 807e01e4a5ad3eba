import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
// @ts-expect-error: the package has no types.
import S3rver from '@20minutes/s3rver';
import type { AssetStore } from '../store/asset-store.js';
import { type AssetStoreConfig, createAssetStore } from '../store/create-asset-store.js';

export interface RunningStore {
  store: AssetStore;
  config: AssetStoreConfig;
  directory: string;
  close(): Promise<void>;
}

async function startLocal(): Promise<RunningStore> {
  const directory = await mkdtemp(join(tmpdir(), 'doitong-assets-'));
  const config: AssetStoreConfig = { kind: 'local', directory };
  const store = await createAssetStore(config);
  return { store, config, directory, close: () => rm(directory, { recursive: true }) };
}

/** A real S3 server on a free port of 127.0.0.1; it checks each request's signature. */
async function startS3(): Promise<RunningStore> {
  const directory = await mkdtemp(join(tmpdir(), 'doitong-s3-'));
  const server = new S3rver({ port: 0, silent: true, directory, configureBuckets: [{ name: 'assets' }] });
  const { port } = await server.run();
  const config: AssetStoreConfig = {
    kind: 's3',
    bucket: 'assets',
    region: 'us-east-1',
    endpoint: `http://127.0.0.1:${port}`,
    accessKeyId: 'S3RVER',
    secretAccessKey: 'S3RVER',
    forcePathStyle: true,
  };
  const store = await createAssetStore(config);
  const close = async () => {
    await server.close();
    await rm(directory, { recursive: true });
  };
  return { store, config, directory, close };
}

/** The same guarantees are tested on each. */
export const storeKinds: [string, () => Promise<RunningStore>][] = [
  ['local disk', startLocal],
  ['S3', startS3],
];
