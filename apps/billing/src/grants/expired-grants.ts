import { Logger, Periodic } from '@doitong/service-kit';
import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { BillingConfig } from '../config.js';
import { CONFIG } from '../tokens.js';
import { GrantsRepository } from './grants.repository.js';

const BATCH = 500;

/**
 * Takes back what is left of grants whose time is up, so that a balance shows it. No credit could have been spent meanwhile:
 * a hold on such an account does this first.
 */
@Injectable()
export class ExpiredGrants implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly periodic: Periodic;

  constructor(
    private readonly grants: GrantsRepository,
    logger: Logger,
    @Inject(CONFIG) config: BillingConfig,
  ) {
    this.periodic = new Periodic('sweep of expired grants', config.SWEEP_MS, () => this.sweep(), logger);
  }

  onApplicationBootstrap(): void {
    this.periodic.start();
  }

  async onModuleDestroy(): Promise<void> {
    await this.periodic.stop();
  }

  private async sweep(): Promise<void> {
    for (;;) {
      const accounts = await this.grants.due(BATCH);
      for (const accountId of accounts) await this.grants.expireAlone(accountId);
      if (accounts.length < BATCH) return;
    }
  }
}
