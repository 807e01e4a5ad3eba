import { type attempts, type BeginReply, type RequestOf } from '@doitong/contracts';
import { Database, Logger, noteGeneration } from '@doitong/service-kit';
import { Injectable } from '@nestjs/common';
import { Circuits } from '../circuits/circuits.js';
import { FailoverRepository, type Move } from '../failover/failover.repository.js';
import { FailoverService } from '../failover/failover.service.js';
import { errorOf } from '../failover/tried.js';
import { Changes } from '../generations/changes.js';
import { ModelHealth } from '../model-health/model-health.js';
import { isModels } from '../model-health/observed.js';
import { OutcomeRepository } from '../outcome/outcome.repository.js';
import { Relay } from '../outcome/relay.js';
import { AttemptsRepository, type Begun } from './attempts.repository.js';
import { DeadlyAttempts } from './deadly-attempts.js';

/** An attempt that nobody holds and that could not be taken all the same needs another look, not a busy one. */
const SHORTEST_WAIT_MS = 100;

/** Applies what workers report. Each report is one guarded update: said twice, or too late, it changes nothing. */
@Injectable()
export class AttemptsService {
  constructor(
    private readonly database: Database,
    private readonly repository: AttemptsRepository,
    private readonly outcomes: OutcomeRepository,
    private readonly circuits: Circuits,
    private readonly health: ModelHealth,
    private readonly failover: FailoverService,
    private readonly failovers: FailoverRepository,
    private readonly deadly: DeadlyAttempts,
    private readonly relay: Relay,
    private readonly changes: Changes,
    private readonly logger: Logger,
  ) {}

  async begin(request: RequestOf<typeof attempts.begin>): Promise<BeginReply> {
    const begun = await this.database.transaction(async (tx) => {
      const begun = await this.repository.begin(tx, request);
      if (begun?.version) await this.outcomes.started(tx, begun.job.generationId);
      return begun;
    });
    if (!begun) return { action: 'drop' };
    const { generationId: id } = begun.job;
    noteGeneration(id);
    if (begun.version) {
      this.relay.wake();
      this.changes.tell({ id, version: begun.version });
    }
    if (begun.taken)
      return (await this.endedAsDeadly(request, begun)) ? { action: 'drop' } : next(request.attemptId, begun);
    if (begun.untilTrialMs !== null && (await this.failover.leave(request.attemptId))) return { action: 'drop' };
    return notTaken(begun);
  }

  /** False when the attempt is over or another worker's. */
  async submitted({ attemptId, workerId, task }: RequestOf<typeof attempts.submitted>): Promise<boolean> {
    const served = await this.repository.submitted(attemptId, workerId, task);
    if (served?.closed) this.circuits.closed(served);
    return served?.live ?? false;
  }

  /** False when the attempt is over or another worker's. */
  async progressed({ attemptId, workerId, progress }: RequestOf<typeof attempts.progress>): Promise<boolean> {
    const renewed = await this.repository.renew(attemptId, workerId, progress);
    if (renewed?.version) this.changes.tell({ id: renewed.generationId, version: renewed.version });
    return renewed !== undefined;
  }

  /** False when the attempt is over or another worker's. */
  risking({ attemptId, workerId, stage }: RequestOf<typeof attempts.risking>): Promise<boolean> {
    return this.repository.risk(attemptId, workerId, stage ?? null);
  }

  async completed({ attemptId, output, vendorCostMicroUsd }: RequestOf<typeof attempts.completed>): Promise<boolean> {
    const { attempt, ended } = await this.database.transaction(async (tx) => {
      const attempt = await this.repository.complete(tx, attemptId, vendorCostMicroUsd);
      if (attempt) noteGeneration(attempt.generationId);
      if (attempt?.status !== 'COMPLETED') return { attempt };
      return { attempt, ended: await this.outcomes.end(tx, attempt.generationId, { status: 'COMPLETED', output }) };
    });
    if (attempt?.closed) this.circuits.closed(attempt);
    if (attempt?.status === 'LATE') this.logger.info('result came late, recorded and not charged', { attemptId });
    if (!attempt || !ended) return false;
    this.health.note(ended, { seconds: attempt.seconds });
    this.relay.wake();
    this.changes.tell(ended);
    this.logger.info('generation completed', { attemptId });
    return true;
  }

  async failed(report: RequestOf<typeof attempts.failed>): Promise<boolean> {
    const { attemptId, workerId, failure } = report;
    return this.fail(report, await this.failover.next(attemptId, workerId, failure));
  }

  /** It moves to no other model: that one's workers might die of it too, and its vendor would be paid a second time. */
  private async endedAsDeadly(
    { attemptId, workerId }: RequestOf<typeof attempts.begin>,
    begun: Begun,
  ): Promise<boolean> {
    const failure = this.deadly.failureOf(begun);
    if (!failure) return false;
    await this.fail({ attemptId, workerId, failure });
    this.deadly.tell(attemptId, begun, failure);
    return true;
  }

  /** `move`: where its generation goes, unless it ends. */
  private async fail(report: RequestOf<typeof attempts.failed>, move?: Move): Promise<boolean> {
    const { attemptId, failure } = report;
    const { tried, opened, moved, ended } = await this.database.transaction(async (tx) => {
      const tried = await this.repository.fail(tx, report);
      if (!tried) return {};
      noteGeneration(tried.generationId);
      const opened = await this.circuits.failed(tx, tried, failure);
      const moved = move && (await this.failovers.move(tx, move));
      if (moved) return { tried, opened, moved };
      const error = errorOf(await this.failovers.failures(tx, tried.generationId));
      return { tried, opened, ended: await this.outcomes.end(tx, tried.generationId, { status: 'FAILED', error }) };
    });
    this.logger.info('attempt failed', { attemptId, failure, generationFailed: ended !== undefined });
    if (opened) this.circuits.opened(tried, failure);
    if (tried && isModels(failure)) this.health.note(tried, 'failed');
    if (move && moved) this.failover.tell(move, moved);
    if (ended) {
      this.relay.wake();
      this.changes.tell(ended);
    }
    return moved !== undefined || ended !== undefined;
  }
}

function next(
  attemptId: string,
  { status, unasked, task, credential, submittingAt, job, deadlineAt, deaths }: Begun,
): BeginReply {
  const known = {
    job: { ...job, attemptId, deadlineAt: deadlineAt.toISOString() },
    credential: credential ?? '',
    deaths: deaths || undefined,
  };
  if (unasked && !task) return { action: 'submit', ...known };
  const submittedAfter = submittingAt!.toISOString();
  if (task) return { action: 'resume', ...known, task, submittedAfter, late: status === 'ABANDONED' };
  return { action: 'reconcile', ...known, submittedAfter };
}

function notTaken({ status, untilTrialMs, leaseMs }: Begun): BeginReply {
  const open = status === 'CREATED' || status === 'SUBMITTING' || status === 'SUBMITTED';
  return open
    ? { action: 'wait', retryAfterMs: Math.max(untilTrialMs ?? leaseMs, SHORTEST_WAIT_MS) }
    : { action: 'drop' };
}
