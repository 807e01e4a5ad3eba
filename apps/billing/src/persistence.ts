import type { Persistence } from '@doitong/service-kit';
import { CreateAccounts1763700000000 } from './migrations/1763700000000-create-accounts.js';
import { CreateLedger1763700000001 } from './migrations/1763700000001-create-ledger.js';
import { CreateHolds1763700000002 } from './migrations/1763700000002-create-holds.js';
import { NumberAttempts1763830000000 } from './migrations/1763830000000-number-attempts.js';
import { ManageKeys1763900000000 } from './migrations/1763900000000-manage-keys.js';
import { CreateGrants1763910000000 } from './migrations/1763910000000-create-grants.js';
import { SetCancelTerms1763943000000 } from './migrations/1763943000000-set-cancel-terms.js';

export const persistence: Persistence = {
  schema: 'billing',
  migrations: [
    CreateAccounts1763700000000,
    CreateLedger1763700000001,
    CreateHolds1763700000002,
    NumberAttempts1763830000000,
    ManageKeys1763900000000,
    CreateGrants1763910000000,
    SetCancelTerms1763943000000,
  ],
};
