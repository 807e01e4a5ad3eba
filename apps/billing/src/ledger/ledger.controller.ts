import { type Account, admin, type ReplyOf, type RequestOf } from '@doitong/contracts';
import { Handles } from '@doitong/service-kit';
import { Controller } from '@nestjs/common';
import { LedgerService } from './ledger.service.js';

@Controller()
export class LedgerController {
  constructor(private readonly ledger: LedgerService) {}

  @Handles(admin.creditsAdd)
  add(request: RequestOf<typeof admin.creditsAdd>): Promise<Account> {
    return this.ledger.topUp(request);
  }

  @Handles(admin.ledgerVerify)
  verify(): Promise<ReplyOf<typeof admin.ledgerVerify>> {
    return this.ledger.verify();
  }
}
