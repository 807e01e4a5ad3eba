import { billing, type ReplyOf, type RequestOf } from '@doitong/contracts';
import { Handles } from '@doitong/service-kit';
import { Controller } from '@nestjs/common';
import { GrantsService } from './grants.service.js';

@Controller()
export class GrantsController {
  constructor(private readonly grants: GrantsService) {}

  @Handles(billing.grants)
  async list({ accountId }: RequestOf<typeof billing.grants>): Promise<ReplyOf<typeof billing.grants>> {
    return { grants: await this.grants.list(accountId) };
  }
}
