import { type admin, DoitongError, invalidInput, type Limits, type RequestOf } from '@doitong/contracts';
import { Logger } from '@doitong/service-kit';
import { Injectable } from '@nestjs/common';
import { AccountsService } from '../accounts/accounts.service.js';
import { KeyChanges } from '../api-keys/key-changes.js';
import { PlansRepository } from './plans.repository.js';

/** What an account may do. A change is told to whoever keeps principals in memory, so that it acts on the next request. */
@Injectable()
export class PlansService {
  constructor(
    private readonly plans: PlansRepository,
    private readonly accounts: AccountsService,
    private readonly changes: KeyChanges,
    private readonly logger: Logger,
  ) {}

  /** NOT_FOUND. */
  async setPlan(wanted: RequestOf<typeof admin.accountSetPlan>): Promise<{ limits: Limits }> {
    const limits = await this.plans.setPlan(wanted);
    if (!limits) throw new DoitongError('NOT_FOUND', 'There is no such account.');
    return this.changed(wanted.accountId, limits);
  }

  /** NOT_FOUND; INVALID_INPUT for an account that is not on ENTERPRISE. */
  async setLimits(wanted: RequestOf<typeof admin.accountSetLimits>): Promise<{ limits: Limits }> {
    const limits = await this.plans.setLimits(wanted);
    if (limits) return this.changed(wanted.accountId, limits);
    const { plan } = await this.accounts.get(wanted.accountId);
    throw invalidInput('accountId', `Limits of its own are for ENTERPRISE; this account is on ${plan}.`);
  }

  private async changed(accountId: string, limits: Limits): Promise<{ limits: Limits }> {
    await this.changes.tell(accountId);
    this.logger.info('limits changed', { accountId, ...limits });
    return { limits };
  }
}
