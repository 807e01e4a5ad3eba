import type { AuditEntry, AuditFilter } from '@doitong/contracts';
import { Inject, Injectable } from '@nestjs/common';
import { Database } from '../persistence/database.js';

/** The changes that a service has audited. */
@Injectable()
export class AuditRepository {
  constructor(@Inject(Database) private readonly database: Database) {}

  /** The newest first. */
  list({ accountId, target, first }: AuditFilter): Promise<AuditEntry[]> {
    return this.database.query<AuditEntry>(
      `SELECT to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS at, actor, action, target,
         account_id AS "accountId", before, after
       FROM audit WHERE ($1::text IS NULL OR account_id = $1) AND ($2::text IS NULL OR target = $2)
       ORDER BY id DESC LIMIT $3`,
      [accountId ?? null, target ?? null, first],
    );
  }
}
