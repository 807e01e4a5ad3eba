import type { Persistence } from '@doitong/service-kit';
import { CreateGenerations1763700000000 } from './migrations/1763700000000-create-generations.js';

export const persistence: Persistence = { schema: 'generations', migrations: [CreateGenerations1763700000000] };
