import { assetStoreVariables } from '@doitong/media';
import { CommonConfig, port } from '@doitong/service-kit';
import Type, { type Static } from 'typebox';

export const GatewayConfig = Type.Object({
  ...CommonConfig,
  ...assetStoreVariables,
  PORT: port(4000),
  /** What asset URLs begin with: this service, as customers reach it. Default: `http://HOST:PORT`. */
  PUBLIC_URL: Type.Optional(Type.String({ pattern: '^https?://[^?#]+$' })),
  /** Comma separated; the first signs asset URLs, each of them is accepted. */
  ASSET_URL_SECRET: Type.String({ pattern: '^[^,]{16,}(,[^,]{16,})*$' }),
  ASSET_URL_TTL_SECONDS: Type.Integer({ minimum: 1, default: 86_400 }),
});
export type GatewayConfig = Static<typeof GatewayConfig>;
