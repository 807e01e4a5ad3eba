import Type, { type Static } from 'typebox';

/** Less than the 30 s that Kubernetes gives by default. */
export const STOP_GRACE_MS = 25_000;

/** What every service reads from its environment. */
export const CommonConfig = {
  NATS_URL: Type.String({ pattern: '^(nats|tls)://', default: 'nats://127.0.0.1:4222' }),
  HOST: Type.String({ default: '127.0.0.1' }),
  /** How long a stop waits for requests in hand before it cuts them off. */
  STOP_GRACE_MS: Type.Integer({ minimum: 0, maximum: 3_600_000, default: STOP_GRACE_MS }),
  LOG_LEVEL: Type.Enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], { default: 'info' }),
};

/** What a service with tables of its own reads besides. */
export const DatabaseConfig = {
  DATABASE_URL: Type.String({ pattern: '^postgres(ql)?://' }),
  DATABASE_POOL_SIZE: Type.Integer({ minimum: 1, maximum: 200, default: 20 }),
};

/** TCP port of a service's HTTP side: health, metrics, and whatever it serves. */
export const port = (byDefault: number) => Type.Integer({ minimum: 0, maximum: 65_535, default: byDefault });

const Common = Type.Object(CommonConfig);
export type CommonConfig = Static<typeof Common>;
