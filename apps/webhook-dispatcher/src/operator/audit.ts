import { type AuditedChange, type Queryable, writeAudit } from '@doitong/service-kit';

/** For whom something is changed: whoever holds the account, or an operator, all of whose changes are audited. */
export type By = 'holder' | 'operator';

/** In the transaction of the change. */
export async function audit(tx: Queryable, by: By, change: AuditedChange): Promise<void> {
  if (by === 'operator') await writeAudit(tx, change);
}
