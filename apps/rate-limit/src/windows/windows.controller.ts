import { type ReplyOf, type RequestOf, rateLimit } from '@doitong/contracts';
import { Handles } from '@doitong/service-kit';
import { Controller } from '@nestjs/common';
import { WindowsService } from './windows.service.js';

@Controller()
export class WindowsController {
  constructor(private readonly windows: WindowsService) {}

  @Handles(rateLimit.check)
  check(request: RequestOf<typeof rateLimit.check>): Promise<ReplyOf<typeof rateLimit.check>> {
    return this.windows.check(request);
  }
}
