import { CommonConfig, DatabaseConfig, port } from '@doitong/service-kit';
import Type, { type Static } from 'typebox';

export const GenerationsConfig = Type.Object({
  ...CommonConfig,
  ...DatabaseConfig,
  PORT: port(4001),
  /** How long a worker holds an attempt without a sign of life, in ms. Its JetStream ack wait is the same. */
  JOB_LEASE_MS: Type.Integer({ minimum: 500, default: 15_000 }),
  /** How often the sweepers look, in ms. */
  SWEEP_MS: Type.Integer({ minimum: 50, default: 2_000 }),
  /** Scales every model's deadline; for tests. */
  DEADLINE_SCALE: Type.Number({ exclusiveMinimum: 0, default: 1 }),
  /** For how long after a timeout or a cancellation a late result is still looked for, in seconds. */
  RECONCILE_SECONDS: Type.Integer({ minimum: 0, default: 900 }),
  /** A claim on an idempotency key whose owner has shown no end of it for so many seconds died with it; a repeat takes it over. */
  CLAIM_SECONDS: Type.Number({ minimum: 1, default: 15 }),
  /** For how long a quote holds, in seconds. */
  QUOTE_TTL_SECONDS: Type.Integer({ minimum: 1, default: 900 }),
  /** How often a worker must say that it lives, in seconds; it counts as gone after three times that. */
  BEAT_SECONDS: Type.Number({ minimum: 0.1, default: 5 }),
});
export type GenerationsConfig = Static<typeof GenerationsConfig>;
