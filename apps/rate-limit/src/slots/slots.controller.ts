import { type ReplyOf, type RequestOf, rateLimit } from '@doitong/contracts';
import { Handles, noteGeneration } from '@doitong/service-kit';
import { Controller } from '@nestjs/common';
import { SlotsService } from './slots.service.js';

@Controller()
export class SlotsController {
  constructor(private readonly slots: SlotsService) {}

  @Handles(rateLimit.admit)
  admit(request: RequestOf<typeof rateLimit.admit>): Promise<ReplyOf<typeof rateLimit.admit>> {
    noteGeneration(request.generationId);
    return this.slots.admit(request);
  }

  @Handles(rateLimit.free)
  async free({ items }: RequestOf<typeof rateLimit.free>): Promise<ReplyOf<typeof rateLimit.free>> {
    await this.slots.free(items);
    return {};
  }
}
