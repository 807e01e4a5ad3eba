import type { Persistence } from '@doitong/service-kit';
import { CreateDeliveries1763700000000 } from './migrations/1763700000000-create-deliveries.js';
import { CreateEndpoints1763860000000 } from './migrations/1763860000000-create-endpoints.js';
import { AuditOperators1764100000000 } from './migrations/1764100000000-audit-operators.js';
import { PartModes1764110000000 } from './migrations/1764110000000-part-modes.js';

export const persistence: Persistence = {
  schema: 'webhooks',
  migrations: [
    CreateDeliveries1763700000000,
    CreateEndpoints1763860000000,
    AuditOperators1764100000000,
    PartModes1764110000000,
  ],
};
