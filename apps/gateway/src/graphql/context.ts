import type { Principal } from '@doitong/contracts';

/** What a resolver knows of the request that it serves. */
export interface GraphqlContext {
  principal: Principal;
  /** The `Idempotency-Key` header, as it was sent. */
  idempotencyKey: string | string[] | undefined;
}
