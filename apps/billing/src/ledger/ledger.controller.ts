import { type Account, admin, billing, type ReplyOf, type RequestOf } from '@doitong/contracts';
import { Handles } from '@doitong/service-kit';
import { Controller } from '@nestjs/common';
import { LedgerService } from './ledger.service.js';
import { LedgerCheck } from './ledger-check.js';

@Controller()
export class LedgerController {
  constructor(
    private readonly ledger: LedgerService,
    private readonly check: LedgerCheck,
  ) {}

  @Handles(admin.creditsAdd)
  add(request: RequestOf<typeof admin.creditsAdd>): Promise<Account> {
    return this.ledger.add(request);
  }

  @Handles(admin.creditsAdjust)
  adjust(request: RequestOf<typeof admin.creditsAdjust>): Promise<Account> {
    return this.ledger.adjust(request);
  }

  @Handles(admin.creditsRefund)
  refund(request: RequestOf<typeof admin.creditsRefund>): Promise<Account> {
    return this.ledger.refund(request);
  }

  @Handles(admin.creditsHistory)
  history(request: RequestOf<typeof admin.creditsHistory>): Promise<ReplyOf<typeof admin.creditsHistory>> {
    return this.ledger.transactions(request);
  }

  @Handles(billing.transactions)
  transactions(request: RequestOf<typeof billing.transactions>): Promise<ReplyOf<typeof billing.transactions>> {
    return this.ledger.transactions(request);
  }

  @Handles(admin.ledgerVerify)
  verify(): Promise<ReplyOf<typeof admin.ledgerVerify>> {
    return this.check.verify();
  }
}
