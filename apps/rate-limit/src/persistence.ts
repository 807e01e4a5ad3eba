import type { Persistence } from '@doitong/service-kit';
import { CreateWindows1763700000000 } from './migrations/1763700000000-create-windows.js';
import { CreateSlots1763700000001 } from './migrations/1763700000001-create-slots.js';
import { ShareWindowStatements1763900000000 } from './migrations/1763900000000-share-window-statements.js';
import { CountStrangers1763960000000 } from './migrations/1763960000000-count-strangers.js';
import { KeepFreedSlots1763970000000 } from './migrations/1763970000000-keep-freed-slots.js';
import { CountChanges1763971000000 } from './migrations/1763971000000-count-changes.js';

export const persistence: Persistence = {
  schema: 'rate_limit',
  migrations: [
    CreateWindows1763700000000,
    CreateSlots1763700000001,
    ShareWindowStatements1763900000000,
    CountStrangers1763960000000,
    KeepFreedSlots1763970000000,
    CountChanges1763971000000,
  ],
  // A lost slot or count is one request too many after the machine crashed; a lost release is the sweeper's.
  synchronousCommit: 'off',
};
