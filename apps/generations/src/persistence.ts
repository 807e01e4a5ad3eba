import type { Persistence } from '@doitong/service-kit';
import { CreateGenerations1763700000000 } from './migrations/1763700000000-create-generations.js';
import { AddBeginId1763800000000 } from './migrations/1763800000000-add-begin-id.js';

export const persistence: Persistence = {
  schema: 'generations',
  migrations: [CreateGenerations1763700000000, AddBeginId1763800000000],
};
