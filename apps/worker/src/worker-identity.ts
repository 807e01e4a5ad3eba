import { randomUUID } from 'node:crypto';

/** Names this process as the holder of leases; a new one at each start. */
export class WorkerIdentity {
  readonly id = randomUUID();
}
