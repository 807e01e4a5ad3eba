import { Logger, Periodic } from '@doitong/service-kit';
import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { RateLimitConfig } from '../config.js';
import { CONFIG } from '../tokens.js';
import { WindowsRepository } from './windows.repository.js';

const BATCH = 5_000;

/** Keeps the table of windows as small as the number of keys that were used within the last minutes. */
@Injectable()
export class WindowSweeper implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly periodic: Periodic;

  constructor(
    private readonly windows: WindowsRepository,
    logger: Logger,
    @Inject(CONFIG) { WINDOW_SWEEP_MS }: RateLimitConfig,
  ) {
    this.periodic = new Periodic('sweep of windows', WINDOW_SWEEP_MS, () => this.sweep(), logger);
  }

  onApplicationBootstrap(): void {
    this.periodic.start();
  }

  async onModuleDestroy(): Promise<void> {
    await this.periodic.stop();
  }

  private async sweep(): Promise<void> {
    while ((await this.windows.deleteEmpty(BATCH)) === BATCH);
  }
}
