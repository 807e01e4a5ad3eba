import Type, { type Static } from 'typebox';
import type { AssetStoreConfig } from './create-asset-store.js';

/** The environment variables by which a service is told where assets are: on this disk, or in the bucket. */
export const assetStoreVariables = {
  ASSET_DIRECTORY: Type.Optional(Type.String()),
  ASSET_S3_BUCKET: Type.Optional(Type.String()),
  ASSET_S3_ENDPOINT: Type.Optional(Type.String({ pattern: '^https?://' })),
  ASSET_S3_REGION: Type.String({ default: 'us-east-1' }),
  ASSET_S3_ACCESS_KEY_ID: Type.Optional(Type.String()),
  ASSET_S3_SECRET_ACCESS_KEY: Type.Optional(Type.String()),
  /** Buckets as a path rather than a host name, as most stores that are not AWS want it. */
  ASSET_S3_FORCE_PATH_STYLE: Type.Boolean({ default: false }),
};
const Variables = Type.Object(assetStoreVariables);

/** Throws, naming the variables, unless exactly one of disk and bucket is set. */
export function assetStoreConfig(variables: Static<typeof Variables>): AssetStoreConfig {
  const { ASSET_DIRECTORY: directory, ASSET_S3_BUCKET: bucket } = variables;
  if (directory && !bucket) return { kind: 'local', directory };
  if (!bucket || directory) throw new Error('set either ASSET_DIRECTORY or ASSET_S3_BUCKET');
  return {
    kind: 's3',
    bucket,
    region: variables.ASSET_S3_REGION,
    endpoint: variables.ASSET_S3_ENDPOINT,
    accessKeyId: variables.ASSET_S3_ACCESS_KEY_ID,
    secretAccessKey: variables.ASSET_S3_SECRET_ACCESS_KEY,
    forcePathStyle: variables.ASSET_S3_FORCE_PATH_STYLE,
  };
}
