import { CommonConfig, DatabaseConfig, port } from '@doitong/service-kit';
import Type, { type Static } from 'typebox';

export const RateLimitConfig = Type.Object({
  ...CommonConfig,
  ...DatabaseConfig,
  /** One above billing (4002): every service has its own port on one machine. */
  PORT: port(4003),
  /**
   * How long a slot stands unquestioned, in seconds. A create takes well under 10 s from its slot to its commit, so that a
   * slot of this age with no running generation behind it is a leftover of a crash.
   */
  SLOT_TTL_SECONDS: Type.Integer({ minimum: 1, default: 300 }),
  /** How often the sweeper looks for orphan slots, in ms: an empty look is one index probe. */
  SWEEP_MS: Type.Integer({ minimum: 50, default: 5_000 }),
  /** How often windows that ran out are deleted, in ms. It reads the whole table, which by this holds two minutes' keys. */
  WINDOW_SWEEP_MS: Type.Integer({ minimum: 50, default: 60_000 }),
});
export type RateLimitConfig = Static<typeof RateLimitConfig>;
