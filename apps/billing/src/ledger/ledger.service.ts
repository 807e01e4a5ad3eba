import {
  type Account,
  type admin,
  type billing,
  DoitongError,
  invalidInput,
  type ReplyOf,
  type RequestOf,
} from '@doitong/contracts';
import { Clock, Logger } from '@doitong/service-kit';
import { Injectable } from '@nestjs/common';
import { AccountsRepository } from '../accounts/accounts.repository.js';
import { LASTING, LedgerRepository, type Posting } from './ledger.repository.js';

/** Promotions are used up before what was paid for. */
const PROMOTION_PRIORITY = 10;

/** What operators do to balances. Each posting happens once for its kind and reference; a repeat tells the account as it is now. */
@Injectable()
export class LedgerService {
  constructor(
    private readonly ledger: LedgerRepository,
    private readonly accounts: AccountsRepository,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  add({ kind = 'TOP_UP', priority, expiresAt, ...given }: RequestOf<typeof admin.creditsAdd>): Promise<Account> {
    return this.post({
      ...given,
      kind,
      reason: null,
      priority: priority ?? (kind === 'PROMOTION' ? PROMOTION_PRIORITY : LASTING.priority),
      expiresAt: expiresAt === undefined ? null : new Date(expiresAt),
    });
  }

  adjust(change: RequestOf<typeof admin.creditsAdjust>): Promise<Account> {
    return this.post({ ...change, kind: 'ADJUSTMENT', ...LASTING });
  }

  /** What comes back does not expire, whatever it was paid with. */
  async refund({ generationId, credits, reason }: RequestOf<typeof admin.creditsRefund>): Promise<Account> {
    const captured = await this.ledger.captured(generationId);
    if (!captured) throw new DoitongError('NOT_FOUND', 'Nothing was captured for this generation.');
    const { accountId } = captured;
    const back = credits ?? captured.credits;
    if (back > captured.credits)
      throw invalidInput('credits', `Only ${captured.credits} credits were captured for this generation.`);
    return this.post({ kind: 'REFUND', reference: generationId, accountId, credits: back, reason, ...LASTING });
  }

  async transactions({
    accountId,
    first,
    after,
  }: RequestOf<typeof billing.transactions>): Promise<ReplyOf<typeof billing.transactions>> {
    const found = await this.ledger.transactions(accountId, after, first + 1);
    const transactions = found.slice(0, first).map((one) => ({ ...one, createdAt: one.createdAt.toISOString() }));
    return { transactions, more: found.length > first };
  }

  private async post(posting: Posting): Promise<Account> {
    const first = await this.ledger.first(posting);
    if (first?.same) return first.account;
    if (first) throw new DoitongError('IDEMPOTENCY_CONFLICT', 'This reference was used for something else.');

    if (posting.credits === 0) throw invalidInput('credits', 'This must be at least 1 credit.');
    if (posting.expiresAt && posting.expiresAt <= this.clock.now())
      throw invalidInput('expiresAt', 'This is over already.');
    const account = await this.ledger.post(posting);
    // Whether it repeats what was posted meanwhile is known only once the account was waited for.
    if (account === 'repeated' || (!account && (await this.ledger.first(posting)))) return this.post(posting);
    if (!account) throw await this.refusal(posting);
    this.logger.info('credits posted', { ...posting });
    return account;
  }

  private async refusal({ accountId, credits }: Posting): Promise<DoitongError> {
    const account = await this.accounts.find(accountId);
    if (!account) return new DoitongError('NOT_FOUND', 'There is no such account.');
    return credits > 0
      ? invalidInput('credits', 'An account cannot hold that many credits.')
      : new DoitongError('INSUFFICIENT_CREDITS', `This takes ${-credits} credits; ${account.credits} are available.`);
  }
}
