import type { AuditEntry, AuditFilter } from '@doitong/contracts';
import { Database, readAudit } from '@doitong/service-kit';
import { Injectable } from '@nestjs/common';

@Injectable()
export class AuditRepository {
  constructor(private readonly database: Database) {}

  list(filter: AuditFilter): Promise<AuditEntry[]> {
    return readAudit(this.database, filter);
  }
}
