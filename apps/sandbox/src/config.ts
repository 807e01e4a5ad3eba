import { CommonConfig, port } from '@doitong/service-kit';
import Type, { type Static } from 'typebox';

export const SandboxConfig = Type.Object({
  HOST: CommonConfig.HOST,
  MANAGEMENT_HOST: CommonConfig.MANAGEMENT_HOST,
  MANAGEMENT_PORT: CommonConfig.MANAGEMENT_PORT,
  LOG_LEVEL: CommonConfig.LOG_LEVEL,
  STOP_GRACE_MS: CommonConfig.STOP_GRACE_MS,
  PORT: port(4010),
  /** Factor on the seconds that a vendor would take: 1 is vendor-like, 0 is done at once. */
  SANDBOX_SPEED: Type.Number({ minimum: 0, maximum: 100, default: 1 }),
  /** Where tasks, uploads and rendered media are kept. */
  SANDBOX_DATA_DIR: Type.String({ default: '.data/sandbox' }),
  /** The address that clients reach it by, for the URLs that it hands out. Without it: the one that each request came to. */
  SANDBOX_PUBLIC_URL: Type.Optional(Type.String({ pattern: '^https?://' })),
  /** How many tasks are remembered; the oldest are forgotten. */
  SANDBOX_KEEP_TASKS: Type.Integer({ minimum: 100, default: 20_000 }),
  /** Room for rendered media on the disk, in MB; the least used give way. */
  SANDBOX_CACHE_MB: Type.Integer({ minimum: 1, default: 512 }),
  /** How many files are rendered at a time. */
  SANDBOX_RENDERERS: Type.Integer({ minimum: 1, maximum: 16, default: 1 }),
});
export type SandboxConfig = Static<typeof SandboxConfig>;
