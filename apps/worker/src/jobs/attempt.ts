import type { AttemptJob, Stage } from '@doitong/contracts';
import type { ProviderAdapter, VendorContext, VendorRequest } from '@doitong/providers/kit';
import type { Logger } from '@doitong/service-kit';
import type { AttemptInputs } from '../inputs/attempt-inputs.js';
import type { Lease } from './lease.js';
import type { Pauses } from './pauses.js';

/** One attempt in this worker's hand. */
export interface Attempt {
  /** How far it is: where a failure from here on happened. */
  stage: Stage;
  /** What the vendor charges for it, in micro-USD, by what is known so far; absent where that is not known. */
  costMicroUsd?: number;
  /** What the vendor charges for one that it makes, by the manifest; absent where that does not know. */
  listCostMicroUsd?: number;
  job: AttemptJob;
  adapter: ProviderAdapter;
  request: VendorRequest;
  vendor: VendorContext;
  inputs: AttemptInputs;
  /** This family's other credentials of the same mode. */
  otherCredentials: string[];
  lease: Lease;
  pauses: Pauses;
  /** Factor on all vendor times: the sandbox's speed, or 1. */
  scale: number;
  /** Aborts when the attempt is over or somebody else's, or when this worker goes. */
  stop: AbortSignal;
  /** The same, but of a worker that goes only when it cannot wait any longer: for what no other worker could have again. */
  gone: AbortSignal;
  /** Epoch ms. */
  deadlineMs: number;
  logger: Logger;
}
