import { type GenerationStatus, generations } from '@doitong/contracts';
import { Logger, MessageBus, Periodic } from '@doitong/service-kit';
import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { BillingConfig } from '../config.js';
import { CONFIG } from '../tokens.js';
import { HoldsRepository } from './holds.repository.js';
import { HoldsService } from './holds.service.js';

const BATCH = 500;

/** Whether an open hold of a generation in this status is a leftover, if nothing is charged. What is charged is captured by its outbox row. */
const isOrphan: Record<GenerationStatus, boolean> = {
  QUEUED: false,
  PROCESSING: false,
  COMPLETED: false,
  FAILED: true,
  CANCELLED: true,
};

/**
 * Releases holds that nobody will settle: a crash between hold and commit leaves one without a generation. Only
 * `generations` can tell; a hold on which it has no answer stays open and is asked about again.
 */
@Injectable()
export class OrphanHolds implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly periodic: Periodic;

  constructor(
    private readonly repository: HoldsRepository,
    private readonly holds: HoldsService,
    private readonly bus: MessageBus,
    logger: Logger,
    @Inject(CONFIG) private readonly config: BillingConfig,
  ) {
    this.periodic = new Periodic('sweep of orphan holds', config.SWEEP_MS, () => this.sweep(), logger);
  }

  onApplicationBootstrap(): void {
    this.periodic.start();
  }

  async onModuleDestroy(): Promise<void> {
    await this.periodic.stop();
  }

  private async sweep(): Promise<void> {
    for (;;) {
      const ids = await this.repository.takeExpired(BATCH, this.config.HOLD_TTL_SECONDS);
      if (ids.length === 0) return;
      const { statuses } = await this.bus.request(generations.statuses, { ids });
      const orphans = statuses.filter(({ status, creditCost }) => status === null || (isOrphan[status] && !creditCost));
      await this.holds.releaseOrphans(orphans.map(({ id }) => id));
      if (ids.length < BATCH) return;
    }
  }
}
