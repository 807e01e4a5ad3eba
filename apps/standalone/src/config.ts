import { CommonConfig } from '@doitong/service-kit';
import Type, { type Static } from 'typebox';

export const StandaloneConfig = Type.Object({
  /** Of the public side: GraphQL and assets. */
  PORT: Type.Integer({ minimum: 1, maximum: 65_534, default: 4000 }),
  /** Of the sandbox. Default: the port after PORT. It should stay the same, for tasks in flight know it. */
  SANDBOX_PORT: Type.Optional(Type.Integer({ minimum: 1, maximum: 65_535 })),
  HOST: CommonConfig.HOST,
  MANAGEMENT_HOST: CommonConfig.MANAGEMENT_HOST,
  MANAGEMENT_PORT: CommonConfig.MANAGEMENT_PORT,
  /** Everything that outlives the process: databases, queue, assets, keys, log. */
  DATA_DIR: Type.String({ default: '.data' }),
  /** A PostgreSQL to use; without it one is started on DATA_DIR. */
  DATABASE_URL: Type.Optional(Type.String({ pattern: '^postgres(ql)?://' })),
  /** A nats-server with JetStream to use; without it one is started on DATA_DIR. */
  NATS_URL: Type.Optional(Type.String({ pattern: '^(nats|tls)://' })),
  /** Factor on the sandbox's vendor-like seconds: 1 as slow as vendors, 0 at once. */
  SANDBOX_SPEED: Type.Number({ minimum: 0, default: 0.1 }),
  LOG_LEVEL: Type.String({ default: 'info' }),
  STOP_GRACE_MS: CommonConfig.STOP_GRACE_MS,
});
export type StandaloneConfig = Static<typeof StandaloneConfig>;

/** Only this machine reaches the public side. */
export function isLocal({ HOST }: Pick<StandaloneConfig, 'HOST'>): boolean {
  return /^(localhost|127(\.\d+){3}|::1)$/.test(HOST);
}
