import { JobQueue, Logger, Periodic, withContext } from '@doitong/service-kit';
import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { IdempotencyRepository } from '../admission/idempotency.repository.js';
import { AttemptsRepository } from '../attempts/attempts.repository.js';
import { GenerationsConfig } from '../config.js';
import { GenerationsService } from '../generations/generations.service.js';
import { QuotesRepository } from '../quotes/quotes.repository.js';
import { CONFIG } from '../tokens.js';

const BATCH = 500;

/** Looks after what no message will: jobs without a lease, generations past their deadline, idempotency keys and quotes past their time. */
@Injectable()
export class Sweepers implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly all: Periodic[];

  constructor(
    private readonly attempts: AttemptsRepository,
    private readonly jobs: JobQueue,
    generations: GenerationsService,
    idempotency: IdempotencyRepository,
    quotes: QuotesRepository,
    private readonly logger: Logger,
    @Inject(CONFIG) { SWEEP_MS }: GenerationsConfig,
  ) {
    this.all = [
      new Periodic('sweep of jobs without a lease', SWEEP_MS, () => this.publishAgain(), logger),
      new Periodic('sweep of deadlines', SWEEP_MS, () => generations.failOverdue(), logger),
      new Periodic('sweep of idempotency keys', SWEEP_MS * 60, () => idempotency.forgetExpired(), logger),
      new Periodic('sweep of quotes', SWEEP_MS * 60, () => quotes.forgetExpired(), logger),
    ];
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.jobs.ensureStream();
    for (const periodic of this.all) periodic.start();
  }

  async onModuleDestroy(): Promise<void> {
    await Promise.all(this.all.map((periodic) => periodic.stop()));
  }

  private async publishAgain(): Promise<void> {
    // Without it nothing could be published, and the attempts would only be put off.
    await this.jobs.ensureStream();
    await this.attempts.closeAbandoned();
    const lost = await this.attempts.withoutLease(BATCH);
    if (lost.length === 0) return;
    this.logger.info('jobs without a lease published again', { jobs: lost.length });
    await Promise.all(
      lost.map(({ family, requestId, attemptId, generationId }) =>
        withContext({ requestId, generationId }, () => this.jobs.publish(family, { attemptId, generationId })),
      ),
    );
  }
}
