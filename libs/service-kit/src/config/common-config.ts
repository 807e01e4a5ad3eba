import Type, { type Static } from 'typebox';
import type { ManagementOptions } from '../health/management.js';
import { ConfigError } from './load-config.js';

/** Less than the 30 s that Kubernetes gives by default. */
export const STOP_GRACE_MS = 25_000;

/** What every service reads from its environment. */
export const CommonConfig = {
  NATS_URL: Type.String({ pattern: '^(nats|tls)://', default: 'nats://127.0.0.1:4222' }),
  HOST: Type.String({ default: '127.0.0.1' }),
  /** Where it answers about itself: nobody but operators may reach it. */
  MANAGEMENT_HOST: Type.String({ default: '127.0.0.1' }),
  /** Default: `PORT` + 10,000; any free one where `PORT` is 0. */
  MANAGEMENT_PORT: Type.Optional(Type.Integer({ minimum: 0, maximum: 65_535 })),
  /** How long a stop waits for requests in hand before it cuts them off. */
  STOP_GRACE_MS: Type.Integer({ minimum: 0, maximum: 3_600_000, default: STOP_GRACE_MS }),
  LOG_LEVEL: Type.Enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], { default: 'info' }),
};

/** What a service with tables of its own reads besides. */
export const DatabaseConfig = {
  DATABASE_URL: Type.String({ pattern: '^postgres(ql)?://' }),
  DATABASE_POOL_SIZE: Type.Integer({ minimum: 1, maximum: 200, default: 20 }),
};

/** TCP port of what a service serves over HTTP. */
export const port = (byDefault: number) => Type.Integer({ minimum: 0, maximum: 65_535, default: byDefault });

const Common = Type.Object(CommonConfig);
export type CommonConfig = Static<typeof Common>;

const MANAGEMENT_ABOVE = 10_000;

/** Where a service listens. Throws ConfigError where `PORT` leaves no room for the default of `MANAGEMENT_PORT`. */
export function listening(
  config: Pick<CommonConfig, 'HOST' | 'MANAGEMENT_HOST' | 'MANAGEMENT_PORT'> & { PORT: number },
): { host: string; port: number; management: ManagementOptions } {
  const { HOST: host, PORT, MANAGEMENT_HOST, MANAGEMENT_PORT = PORT && PORT + MANAGEMENT_ABOVE } = config;
  if (MANAGEMENT_PORT > 65_535)
    throw new ConfigError('MANAGEMENT_PORT is not set, and PORT is too high for its default');
  return { host, port: PORT, management: { host: MANAGEMENT_HOST, port: MANAGEMENT_PORT } };
}
