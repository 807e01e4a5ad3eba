import { CommonConfig, DatabaseConfig, port } from '@doitong/service-kit';
import Type, { type Static } from 'typebox';

export const BillingConfig = Type.Object({
  ...CommonConfig,
  ...DatabaseConfig,
  /** One above generations (4001): every service has its own port on one machine. */
  PORT: port(4002),
  /**
   * How long a hold stands unquestioned, in seconds. A create takes well under 10 s from its hold to its commit, so that
   * a hold of this age with no generation behind it is a leftover of a crash.
   */
  HOLD_TTL_SECONDS: Type.Integer({ minimum: 1, default: 300 }),
  /** How often the sweeper looks for orphan holds, in ms: an empty look is one index probe. */
  SWEEP_MS: Type.Integer({ minimum: 50, default: 5_000 }),
  /** How often each replica checks the ledger, in seconds: it reads all of it. */
  VERIFY_SECONDS: Type.Integer({ minimum: 1, default: 3_600 }),
});
export type BillingConfig = Static<typeof BillingConfig>;
