import { JobQueue, Logger, Periodic, withContext } from '@doitong/service-kit';
import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { IdempotencyRepository } from '../admission/idempotency.repository.js';
import { AttemptsRepository, type Lost } from '../attempts/attempts.repository.js';
import { CatalogueService } from '../catalogue/catalogue.service.js';
import { GenerationsConfig } from '../config.js';
import { FailoverService } from '../failover/failover.service.js';
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
    private readonly catalogue: CatalogueService,
    private readonly failover: FailoverService,
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
    // A JetStream that is not there yet holds up no start: the sweep of jobs looks again.
    await this.jobs.ensureStream().catch((error) => this.logger.warn('the job queue is not there yet', { error }));
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
      lost.map((one) => {
        const { requestId, generationId } = one;
        return withContext({ requestId, generationId }, () => this.callOrMove(one));
      }),
    );
  }

  /** What nobody can begin and may go elsewhere is not called for. */
  private async callOrMove(lost: Lost): Promise<void> {
    const { attemptId, generationId, family, status, type, mode, provider, model } = lost;
    const absent = status === 'CREATED' && this.catalogue.absenceOfModel(type, mode, provider, model);
    if (absent && (await this.failover.leave({ attemptId, family }))) return;
    await this.jobs.publish(family, { attemptId, generationId });
  }
}
