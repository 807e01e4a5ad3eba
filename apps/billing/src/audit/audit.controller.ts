import { admin, type ReplyOf, type RequestOf } from '@doitong/contracts';
import { AuditRepository, Handles } from '@doitong/service-kit';
import { Controller } from '@nestjs/common';

@Controller()
export class AuditController {
  constructor(private readonly audit: AuditRepository) {}

  @Handles(admin.billingAudit)
  async list(filter: RequestOf<typeof admin.billingAudit>): Promise<ReplyOf<typeof admin.billingAudit>> {
    return { entries: await this.audit.list(filter) };
  }
}
