import type { ProviderFamily } from '@doitong/providers/kit';
import { type JobConsumer, JobQueue } from '@doitong/service-kit';
import { type BeforeApplicationShutdown, Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { WorkerConfig } from '../config.js';
import { CONFIG, FAMILY } from '../tokens.js';
import { AttemptRunner } from './attempt-runner.js';

/** This worker's share of its family's jobs, from the queue to the runner. */
@Injectable()
export class Jobs implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private consumer?: JobConsumer;

  constructor(
    private readonly queue: JobQueue,
    private readonly runner: AttemptRunner,
    @Inject(FAMILY) private readonly family: ProviderFamily,
    @Inject(CONFIG) private readonly config: WorkerConfig,
  ) {}

  onApplicationBootstrap(): void {
    const limits = { concurrency: this.config.WORKER_CONCURRENCY, leaseMs: this.config.JOB_LEASE_MS };
    this.consumer = this.queue.consume(this.family.manifest.family, limits, (job) => this.runner.run(job));
  }

  async beforeApplicationShutdown(): Promise<void> {
    const cutOff = this.runner.handOver();
    await Promise.race([this.consumer?.stop(), cutOff]);
  }
}
