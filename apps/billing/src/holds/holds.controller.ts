import { billing, type ReplyOf, type RequestOf } from '@doitong/contracts';
import { Handles, noteGeneration } from '@doitong/service-kit';
import { Controller } from '@nestjs/common';
import { HoldsService } from './holds.service.js';

@Controller()
export class HoldsController {
  constructor(private readonly holds: HoldsService) {}

  @Handles(billing.hold)
  hold(request: RequestOf<typeof billing.hold>): Promise<ReplyOf<typeof billing.hold>> {
    noteGeneration(request.generationId);
    return this.holds.hold(request);
  }

  @Handles(billing.raise)
  async raise(change: RequestOf<typeof billing.raise>): Promise<ReplyOf<typeof billing.raise>> {
    noteGeneration(change.generationId);
    await this.holds.raise(change);
    return {};
  }

  @Handles(billing.lower)
  async lower({ items }: RequestOf<typeof billing.lower>): Promise<ReplyOf<typeof billing.lower>> {
    await this.holds.lower(items);
    return {};
  }

  @Handles(billing.settle)
  async settle({ items }: RequestOf<typeof billing.settle>): Promise<ReplyOf<typeof billing.settle>> {
    return { unknown: await this.holds.settle(items) };
  }
}
