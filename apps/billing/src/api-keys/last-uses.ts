import { Logger, Periodic } from '@doitong/service-kit';
import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { BillingConfig } from '../config.js';
import { CONFIG } from '../tokens.js';
import { ApiKeysRepository } from './api-keys.repository.js';

/** Which keys were used since the last look. Writes them in one statement, apart from the requests that use them. */
@Injectable()
export class LastUses implements OnApplicationBootstrap, OnModuleDestroy {
  private used = new Set<string>();
  private readonly periodic: Periodic;

  constructor(
    private readonly repository: ApiKeysRepository,
    logger: Logger,
    @Inject(CONFIG) config: BillingConfig,
  ) {
    this.periodic = new Periodic('noting of last uses', config.SWEEP_MS, () => this.write(), logger);
  }

  note(keyId: string): void {
    this.used.add(keyId);
  }

  onApplicationBootstrap(): void {
    this.periodic.start();
  }

  async onModuleDestroy(): Promise<void> {
    this.periodic.wake();
    await this.periodic.stop();
  }

  /** What cannot be written is lost: the next use tells nearly the same. */
  private async write(): Promise<void> {
    const ids = [...this.used];
    this.used.clear();
    if (ids.length > 0) await this.repository.markUsed(ids);
  }
}
