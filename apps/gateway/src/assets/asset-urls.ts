import { AssetUrlSigner } from '@doitong/media';
import type { GatewayConfig } from '../config.js';

export function assetUrlSigner(config: GatewayConfig): AssetUrlSigner {
  return new AssetUrlSigner({
    baseUrl: (config.PUBLIC_URL ?? `http://${config.HOST}:${config.PORT}`).replace(/\/+$/, ''),
    secrets: config.ASSET_URL_SECRET.split(','),
    ttlSeconds: config.ASSET_URL_TTL_SECONDS,
  });
}
