import { assetStoreVariables } from '@doitong/media';
import { CommonConfig, ConfigError, neverInProduction, port } from '@doitong/service-kit';
import Type, { type Static } from 'typebox';
import type { UrlRules } from './generations/customer-urls.js';
import { ClientAddresses } from './rate-limit/client-addresses.js';

export const GatewayConfig = Type.Object({
  ...CommonConfig,
  ...assetStoreVariables,
  PORT: port(4000),
  /** What asset URLs begin with: this service, as customers reach it. Default: `http://HOST:PORT`. */
  PUBLIC_URL: Type.Optional(Type.String({ pattern: '^https?://[^?#]+$' })),
  /** Comma separated; the first signs asset URLs, each of them is accepted. */
  ASSET_URL_SECRET: Type.String({ pattern: '^[^,]{16,}(,[^,]{16,})*$' }),
  ASSET_URL_TTL_SECONDS: Type.Integer({ minimum: 1, default: 86_400 }),
  /** As the workers have it: whether customers' input URLs may point at this machine. */
  INPUT_ALLOW_LOOPBACK: Type.Boolean({ default: false }),
  /** As the webhook-dispatcher has them: whether webhooks may go to plain http, and to this machine. */
  WEBHOOK_ALLOW_HTTP: Type.Boolean({ default: false }),
  WEBHOOK_ALLOW_LOOPBACK: Type.Boolean({ default: false }),
  /** Comma separated addresses, CIDR ranges, or `loopback`, `linklocal`, `uniquelocal`: proxies whose X-Forwarded-For is believed. */
  TRUSTED_PROXIES: Type.Optional(Type.String()),
  NODE_ENV: Type.Optional(Type.String()),
});
export type GatewayConfig = Static<typeof GatewayConfig>;

/** Throws ConfigError on a combination that would let customers reach into our own network. */
export function urlRules(config: GatewayConfig): UrlRules {
  neverInProduction(config, 'INPUT_ALLOW_LOOPBACK', 'WEBHOOK_ALLOW_LOOPBACK');
  return {
    inputs: { allowHttp: true, allowLoopback: config.INPUT_ALLOW_LOOPBACK },
    webhooks: { allowHttp: config.WEBHOOK_ALLOW_HTTP, allowLoopback: config.WEBHOOK_ALLOW_LOOPBACK },
  };
}

/** Throws ConfigError on what is no address. */
export function clientAddresses({ TRUSTED_PROXIES = '' }: GatewayConfig): ClientAddresses {
  const proxies = TRUSTED_PROXIES.split(',').map((proxy) => proxy.trim());
  try {
    return new ClientAddresses(proxies.filter(Boolean));
  } catch (error) {
    throw new ConfigError(`TRUSTED_PROXIES: ${(error as Error).message}`);
  }
}
