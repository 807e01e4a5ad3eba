import { admin, type ReplyOf, type RequestOf } from '@doitong/contracts';
import { Handles } from '@doitong/service-kit';
import { Controller } from '@nestjs/common';
import { AuditRepository } from './audit.repository.js';

@Controller()
export class AuditController {
  constructor(private readonly audit: AuditRepository) {}

  @Handles(admin.billingAudit)
  async list(filter: RequestOf<typeof admin.billingAudit>): Promise<ReplyOf<typeof admin.billingAudit>> {
    return { entries: await this.audit.list(filter) };
  }
}
