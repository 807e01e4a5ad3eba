import {
  type billing,
  DoitongError,
  type HoldChange,
  type ReplyOf,
  type RequestOf,
  type Settlement,
} from '@doitong/contracts';
import { Batches, byHalves, Logger } from '@doitong/service-kit';
import { Inject, Injectable } from '@nestjs/common';
import { BillingConfig } from '../config.js';
import { GrantsRepository } from '../grants/grants.repository.js';
import { CONFIG } from '../tokens.js';
import { type Hold, HoldsRepository, type WantedHold } from './holds.repository.js';

/** Holds that one statement places. */
const LARGEST_BATCH = 200;

@Injectable()
export class HoldsService {
  private readonly batches = new Batches<WantedHold, Date | undefined>(
    (wanted) => this.holds.place(wanted, this.config.HOLD_TTL_SECONDS),
    LARGEST_BATCH,
  );

  constructor(
    private readonly holds: HoldsRepository,
    private readonly grants: GrantsRepository,
    private readonly logger: Logger,
    @Inject(CONFIG) private readonly config: BillingConfig,
  ) {}

  /**
   * Sets credits aside for a generation. A repeat returns, or throws, what the first did.
   * INSUFFICIENT_CREDITS; FORBIDDEN when the account is not active; NOT_FOUND when there is none; IDEMPOTENCY_CONFLICT
   * when the generation has a hold of another kind, or one that was already released.
   */
  async hold(wanted: WantedHold): Promise<ReplyOf<typeof billing.hold>> {
    let expiresAt = await this.batches.ask(wanted);
    while (!expiresAt) {
      const why = await this.holds.refuseOrFind(wanted);
      if (!why) throw new DoitongError('NOT_FOUND', 'There is no such account.');
      if (why.hold) return { expiresAt: first(wanted, why.hold, why.available).toISOString() };
      if (why.accountStatus !== 'ACTIVE') throw new DoitongError('FORBIDDEN', 'This account is not active.');
      if (why.expiryDue) await this.grants.expireAlone(wanted.accountId);
      // It did not go with others, or credits came, or the same hold was asked for, between the two statements. What stands now decides.
      [expiresAt] = await this.holds.place([wanted], this.config.HOLD_TTL_SECONDS);
    }
    return { expiresAt: expiresAt.toISOString() };
  }

  /**
   * Has a hold grow to `credits`, if it has less. A repeat changes nothing. INSUFFICIENT_CREDITS; FORBIDDEN when the account is
   * not active; NOT_FOUND when there is no open hold.
   */
  async raise(change: HoldChange): Promise<void> {
    const raised = await this.holds.resize(change, (held) => Math.max(held, change.credits));
    if (raised === 'done') return;
    if (raised === 'not open') throw new DoitongError('NOT_FOUND', 'This generation has no open hold.');
    const { accountStatus, available } = raised.refused;
    throw accountStatus === 'ACTIVE'
      ? new DoitongError(
          'INSUFFICIENT_CREDITS',
          `This needs ${change.credits} credits; ${available} more are available.`,
        )
      : new DoitongError('FORBIDDEN', 'This account is not active.');
  }

  /** Has holds shrink to `credits`, if they are open and have more. */
  async lower(changes: HoldChange[]): Promise<void> {
    for (const change of changes) await this.holds.resize(change, (held) => Math.min(held, change.credits));
  }

  /** Resolves open holds and leaves all others as they are. Returns the generations that have no hold. */
  async settle(items: Settlement[]): Promise<string[]> {
    const { unknown, capped } = await this.holds.settle(items);
    if (capped.length > 0) this.logger.error('captures of more than was held took what was held', { capped });
    return unknown;
  }

  async releaseOrphans(generationIds: string[]): Promise<void> {
    if (generationIds.length === 0) return;
    const outcomes = await byHalves(generationIds, (some) => this.release(some));
    const [failure] = outcomes.filter((outcome) => outcome.status === 'rejected');
    if (failure) this.logger.error('orphan holds not released', { error: failure.reason });
    const released = generationIds.filter((_, index) => outcomes[index]!.status === 'fulfilled');
    this.logger.warn('orphan holds released', { generationIds: released });
  }

  private async release(generationIds: string[]): Promise<string[]> {
    await this.settle(generationIds.map((generationId) => ({ generationId, outcome: 'RELEASE', credits: 0 })));
    return generationIds;
  }
}

/** What became of the hold that a repeat asks for: its expiry, or the refusal. */
function first({ accountId, credits }: RequestOf<typeof billing.hold>, hold: Hold, available: number): Date {
  if (hold.accountId !== accountId || hold.credits !== credits) {
    throw new DoitongError('IDEMPOTENCY_CONFLICT', 'This generation already has a hold of another account or amount.');
  }
  switch (hold.status) {
    case 'OPEN':
    case 'CAPTURED':
      return hold.expiresAt;
    case 'RELEASED':
      throw new DoitongError('IDEMPOTENCY_CONFLICT', 'The hold of this generation was already released.');
    case 'REFUSED':
      throw new DoitongError(
        'INSUFFICIENT_CREDITS',
        available < credits
          ? `This needs ${credits} credits; ${available} are available.`
          : `This needed ${credits} credits, which were not there; ${available} are available now for a new generation.`,
      );
  }
}
