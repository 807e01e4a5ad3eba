import type { AccountStatus } from '@doitong/contracts';

/** The life of an account: from each status, those that it may go to. */
export const statusTransitions: Record<AccountStatus, AccountStatus[]> = {
  ACTIVE: ['SUSPENDED', 'CLOSED'],
  SUSPENDED: ['ACTIVE', 'CLOSED'],
  CLOSED: [],
};
