import { admin, type Generation, type ReplyOf, type RequestOf } from '@doitong/contracts';
import { AuditRepository, Handles } from '@doitong/service-kit';
import { Controller } from '@nestjs/common';
import { RetryService } from '../admission/retry.service.js';
import { GenerationsService } from './generations.service.js';

/** What operators do with generations of any account. */
@Controller()
export class OperatorController {
  constructor(
    private readonly generations: GenerationsService,
    private readonly retries: RetryService,
    private readonly audit: AuditRepository,
  ) {}

  @Handles(admin.generationShow)
  show({ id }: RequestOf<typeof admin.generationShow>): Promise<ReplyOf<typeof admin.generationShow>> {
    return this.generations.show(id);
  }

  @Handles(admin.generationCancel)
  async cancel({ id }: RequestOf<typeof admin.generationCancel>): Promise<ReplyOf<typeof admin.generationCancel>> {
    return { cancelled: await this.generations.cancelAny(id) };
  }

  @Handles(admin.generationRetry)
  retry({ id }: RequestOf<typeof admin.generationRetry>): Promise<Generation> {
    return this.retries.retry(id);
  }

  @Handles(admin.generationsAudit)
  async list(filter: RequestOf<typeof admin.generationsAudit>): Promise<ReplyOf<typeof admin.generationsAudit>> {
    return { entries: await this.audit.list(filter) };
  }
}
