import { admin, generations, type ReplyOf, type RequestOf } from '@doitong/contracts';
import { Handles } from '@doitong/service-kit';
import { Controller } from '@nestjs/common';
import { UsageService } from './usage.service.js';

@Controller()
export class UsageController {
  constructor(private readonly usage: UsageService) {}

  @Handles(admin.usageReport)
  report(request: RequestOf<typeof admin.usageReport>): Promise<ReplyOf<typeof admin.usageReport>> {
    return this.usage.report(request);
  }

  @Handles(generations.spending)
  spending(request: RequestOf<typeof generations.spending>): Promise<ReplyOf<typeof generations.spending>> {
    return this.usage.spending(request);
  }
}
