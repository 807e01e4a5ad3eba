import { type GenerationStatus, generations } from '@doitong/contracts';
import { Logger, MessageBus, Periodic } from '@doitong/service-kit';
import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { RateLimitConfig } from '../config.js';
import { CONFIG } from '../tokens.js';
import { SlotsRepository } from './slots.repository.js';
import { SlotsService } from './slots.service.js';

const BATCH = 500;

/** Whether a generation in this status needs its slot. */
const runs: Record<GenerationStatus, boolean> = {
  QUEUED: true,
  PROCESSING: true,
  COMPLETED: false,
  FAILED: false,
  CANCELLED: false,
};

/**
 * Frees slots that nobody will free: a crash between slot and commit leaves one without a generation. Only `generations`
 * can tell; a slot on which it has no answer stays taken and is asked about again.
 */
@Injectable()
export class OrphanSlots implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly periodic: Periodic;

  constructor(
    private readonly repository: SlotsRepository,
    private readonly slots: SlotsService,
    private readonly bus: MessageBus,
    private readonly logger: Logger,
    @Inject(CONFIG) private readonly config: RateLimitConfig,
  ) {
    this.periodic = new Periodic('sweep of orphan slots', config.SWEEP_MS, () => this.sweep(), logger);
  }

  onApplicationBootstrap(): void {
    this.periodic.start();
  }

  async onModuleDestroy(): Promise<void> {
    await this.periodic.stop();
  }

  private async sweep(): Promise<void> {
    await this.repository.forgetFreed();
    for (;;) {
      const ids = await this.repository.takeExpired(BATCH, this.config.SLOT_TTL_SECONDS);
      if (ids.length === 0) return;
      const { statuses } = await this.bus.request(generations.statuses, { ids });
      const orphans = statuses.filter(({ status }) => status === null || !runs[status]);
      if (orphans.length > 0) {
        // What was never accepted costs no quota.
        await this.slots.free(orphans.map(({ id, status }) => ({ generationId: id, refundQuota: status === null })));
        this.logger.warn('orphan slots freed', { generationIds: orphans.map(({ id }) => id) });
      }
      if (ids.length < BATCH) return;
    }
  }
}
