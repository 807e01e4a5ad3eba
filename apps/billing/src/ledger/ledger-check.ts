import type { admin, ReplyOf } from '@doitong/contracts';
import { Logger } from '@doitong/service-kit';
import { Injectable } from '@nestjs/common';
import { LedgerCheckRepository } from './ledger-check.repository.js';

@Injectable()
export class LedgerCheck {
  constructor(
    private readonly check: LedgerCheckRepository,
    private readonly logger: Logger,
  ) {}

  /** Everything that must hold of the ledger, recomputed from one moment's data. */
  async verify(): Promise<ReplyOf<typeof admin.ledgerVerify>> {
    const { discrepancies, ...totals } = await this.check.run();
    if (discrepancies.length > 0) this.logger.error('the ledger does not add up', { discrepancies });
    return { balanced: discrepancies.length === 0, ...totals, discrepancies };
  }
}
