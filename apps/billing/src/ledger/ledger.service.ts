import { type Account, type admin, DoitongError, invalidInput, type ReplyOf } from '@doitong/contracts';
import { Logger } from '@doitong/service-kit';
import { Injectable } from '@nestjs/common';
import { LedgerRepository, type TopUp } from './ledger.repository.js';
import { LedgerCheckRepository } from './ledger-check.repository.js';

@Injectable()
export class LedgerService {
  constructor(
    private readonly ledger: LedgerRepository,
    private readonly check: LedgerCheckRepository,
    private readonly logger: Logger,
  ) {}

  /**
   * Gives credits to an account, once for each reference; returns the account as it is now. NOT_FOUND; INVALID_INPUT;
   * IDEMPOTENCY_CONFLICT when the reference was used for another account or amount.
   */
  async topUp(wanted: TopUp): Promise<Account> {
    if (wanted.credits === 0) throw invalidInput('credits', 'At least 1 credit can be added.');
    const outcome = await this.ledger.topUpOnce(wanted);
    switch (outcome.kind) {
      case 'done':
        this.logger.info('credits added', { ...wanted });
        return outcome.account;
      case 'repeat':
        return outcome.account;
      case 'conflict':
        throw new DoitongError('IDEMPOTENCY_CONFLICT', 'This reference was used for another account or amount.');
      case 'no account':
        throw new DoitongError('NOT_FOUND', 'There is no such account.');
      case 'too much':
        throw invalidInput('credits', 'An account cannot hold that many credits.');
    }
  }

  /** Everything that must hold of the ledger, recomputed from one moment's data. */
  async verify(): Promise<ReplyOf<typeof admin.ledgerVerify>> {
    const { discrepancies, ...totals } = await this.check.run();
    if (discrepancies.length > 0) this.logger.error('the ledger does not add up', { discrepancies });
    return { balanced: discrepancies.length === 0, ...totals, discrepancies };
  }
}
