import type { AttemptFailure, HoldChange } from '@doitong/contracts';
import { Clock, Database, Ids, JobQueue, Logger } from '@doitong/service-kit';
import { Injectable } from '@nestjs/common';
import { CatalogueService } from '../catalogue/catalogue.service.js';
import type { Choice } from '../choice/choice.js';
import { Changes } from '../generations/changes.js';
import type { GenerationRow } from '../generations/generation.entity.js';
import { HoldRaises } from '../lengths/hold-raises.js';
import { Relay } from '../outcome/relay.js';
import { FailoverRepository, type Move } from './failover.repository.js';
import { mayMove, nextChoice } from './next-choice.js';
import { deedOf, sentencesOf, type Tried } from './tried.js';

/** Of an attempt that nobody can begin. */
const ABSENT: AttemptFailure = {
  code: 'PROVIDER_UNAVAILABLE',
  message: 'The provider is not available at the moment.',
  retryable: true,
  stage: 'SUBMISSION',
  kind: 'unavailable',
};

/** No other model is tried after these: the vendor may be at work on it, or every vendor would meet the same file of the customer's. */
const final = new Set<AttemptFailure['kind']>(['submission-unknown', 'input-unfit', 'input-unavailable', 'too-dear']);

/** Moves a generation whose model we chose to the next best one, when it is certain that the last one will not make it. */
@Injectable()
export class FailoverService {
  constructor(
    private readonly database: Database,
    private readonly repository: FailoverRepository,
    private readonly catalogue: CatalogueService,
    private readonly relay: Relay,
    private readonly changes: Changes,
    private readonly jobs: JobQueue,
    private readonly raises: HoldRaises,
    private readonly ids: Ids,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  /**
   * Where a generation goes when its attempt fails like this; undefined when it stays. The hold is raised for it already: a crash
   * before the move leaves too much held, for as long as the generation runs, and nothing else.
   */
  async next(
    attempt: Pick<Move, 'attemptId' | 'family'>,
    workerId: string | null,
    failure: AttemptFailure,
  ): Promise<Move | undefined> {
    if (final.has(failure.kind)) return undefined;
    const course = await this.repository.course(attempt, workerId);
    if (!course) return undefined;
    const { generation } = course;
    const tried = course.attempts.map((attempt) => ({ ...attempt, failure: attempt.failure ?? failure }));
    if (!mayMove(generation.asked, tried)) return undefined;
    const { account_id: accountId, plan } = generation;
    const candidates = this.catalogue.candidates(generation.type, generation.mode, { accountId, plan });
    const secondsLeft = (generation.deadline_at.getTime() - this.clock.now().getTime()) / 1_000;
    for (let mostCredits = generation.most_credits ?? Number.POSITIVE_INFINITY; ; ) {
      const choice = nextChoice(candidates, generation, tried, { secondsLeft, mostCredits });
      if (!choice) return undefined;
      const { credits } = choice;
      const change = { generationId: generation.id, attemptNumber: tried.length + 1, credits };
      if (credits <= generation.credits || (await this.raises.raise(change)) === 'raised')
        return this.moveTo(choice, change, tried);
      mostCredits = credits - 1;
    }
  }

  /** Moves a generation whose attempt nobody can begin, if there is somewhere to go; false when it stays and waits. */
  async leave({ attemptId, family }: Pick<Move, 'attemptId' | 'family'>): Promise<boolean> {
    const move = await this.next({ attemptId, family }, null, ABSENT);
    if (!move) return false;
    const moved = await this.database.transaction(async (tx) =>
      (await this.repository.giveUp(tx, attemptId, ABSENT)) ? this.repository.move(tx, move) : undefined,
    );
    if (moved) this.tell(move, moved);
    return moved !== undefined;
  }

  /** Call after the commit of a move. A wake-up call that is lost is made up for by the sweeper. */
  tell({ attemptId, attemptNumber, family }: Move, generation: GenerationRow): void {
    const { id, provider, model, credits } = generation;
    this.relay.wake();
    this.changes.tell(generation);
    this.jobs
      .publish(family, { attemptId, generationId: id })
      .catch((error) => this.logger.warn('job not published', { error }));
    this.logger.info('generation moved', { generationId: id, attemptNumber, provider, model, credits });
  }

  private moveTo(
    { candidate: { family, provider, model }, metered, options, adjustments, routing }: Choice,
    change: HoldChange,
    tried: Tried[],
  ): Move {
    const before = tried.map((one) => `${one.provider} ${deedOf(one.failure)}`).join(' and ');
    return {
      ...change,
      family,
      metered,
      options,
      attemptId: this.ids.next('att'),
      provider: provider.id,
      model: model.id,
      expectedSeconds: model.expectedSeconds,
      adjustments: [...sentencesOf(tried), ...adjustments],
      routing: { ...routing, reason: `${routing.reason}, after ${before}` },
    };
  }
}
