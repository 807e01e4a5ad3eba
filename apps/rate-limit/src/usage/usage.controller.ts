import { type ReplyOf, type RequestOf, rateLimit } from '@doitong/contracts';
import { Handles } from '@doitong/service-kit';
import { Controller } from '@nestjs/common';
import { UsageService } from './usage.service.js';

@Controller()
export class UsageController {
  constructor(private readonly service: UsageService) {}

  @Handles(rateLimit.usage)
  usage({ accountId }: RequestOf<typeof rateLimit.usage>): Promise<ReplyOf<typeof rateLimit.usage>> {
    return this.service.of(accountId);
  }
}
