import { CommonConfig, DatabaseConfig, port } from '@doitong/service-kit';
import Type, { type Static } from 'typebox';

export const WebhookDispatcherConfig = Type.Object({
  ...CommonConfig,
  ...DatabaseConfig,
  PORT: port(4004),
  NODE_ENV: Type.Optional(Type.String()),
  /** What asset URLs begin with, as customers reach the gateway. */
  PUBLIC_URL: Type.String({ pattern: '^https?://[^/?#]+[^?#]*$' }),
  /** Comma separated, the same as the gateway has; the first signs. */
  ASSET_URL_SECRET: Type.String({ minLength: 16 }),
  ASSET_URL_TTL_SECONDS: Type.Integer({ minimum: 1, default: 86_400 }),
  /** Scales every wait between tries; for tests. */
  WEBHOOK_RETRY_SCALE: Type.Number({ exclusiveMinimum: 0, default: 1 }),
  /** For how long one attempt may last, from look-up to the end of the answer, in ms. */
  WEBHOOK_TIMEOUT_MS: Type.Integer({ minimum: 100, maximum: 120_000, default: 15_000 }),
  /** For how long events and their deliveries are kept, whatever has become of them. */
  WEBHOOK_RETENTION_DAYS: Type.Integer({ minimum: 1, maximum: 3_650, default: 30 }),
  /** Attempts under way at once in this process. One account has a quarter of them at most. */
  WEBHOOK_CONCURRENCY: Type.Integer({ minimum: 1, maximum: 10_000, default: 1_000 }),
  /** Of these, to one endpoint, or to one host of `webhookUrl`s of one account. */
  WEBHOOK_HOST_CONCURRENCY: Type.Integer({ minimum: 1, maximum: 1_000, default: 8 }),
  /** Deliver to plain http too. */
  WEBHOOK_ALLOW_HTTP: Type.Boolean({ default: false }),
  /** Deliver to this very machine: for tests and local use, refused with NODE_ENV=production. */
  WEBHOOK_ALLOW_LOOPBACK: Type.Boolean({ default: false }),
});
export type WebhookDispatcherConfig = Static<typeof WebhookDispatcherConfig>;
