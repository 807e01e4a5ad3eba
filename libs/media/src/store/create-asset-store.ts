import type { AssetStore } from './asset-store.js';
import { LocalDiskStore } from './local-disk-store.js';
import type { S3Config } from './s3-store.js';

export type AssetStoreConfig = { kind: 'local'; directory: string } | ({ kind: 's3' } & S3Config);

/** The S3 SDK, some 18 MB once loaded, is loaded only where it is used. */
export async function createAssetStore(config: AssetStoreConfig): Promise<AssetStore> {
  if (config.kind === 'local') return LocalDiskStore.open(config.directory);
  const { kind: _, ...s3 } = config;
  const { S3Store } = await import('./s3-store.js');
  return new S3Store(s3);
}
