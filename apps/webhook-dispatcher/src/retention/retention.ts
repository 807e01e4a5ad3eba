import { Logger, Periodic } from '@doitong/service-kit';
import { type BeforeApplicationShutdown, Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import type { WebhookDispatcherConfig } from '../config.js';
import { CONFIG } from '../tokens.js';
import { RetentionRepository } from './retention.repository.js';

const EVERY_MS = 10 * 60_000;
const BATCH = 1_000;

/** Forgets what is older than it is kept for. */
@Injectable()
export class Retention implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly periodic: Periodic;
  private stopping = false;

  constructor(
    private readonly repository: RetentionRepository,
    @Inject(CONFIG) private readonly config: WebhookDispatcherConfig,
    logger: Logger,
  ) {
    this.periodic = new Periodic('webhook retention', EVERY_MS, () => this.forget(), logger);
  }

  onApplicationBootstrap(): void {
    this.periodic.start();
    this.periodic.wake();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopping = true;
    await this.periodic.stop();
  }

  private async forget(): Promise<void> {
    while (!this.stopping && (await this.repository.forget(this.config.WEBHOOK_RETENTION_DAYS, BATCH)) === BATCH);
    await this.repository.tidy();
  }
}
