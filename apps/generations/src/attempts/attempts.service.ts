import { type attempts, type BeginReply, invalidInput, type RequestOf } from '@doitong/contracts';
import { Database, Logger, noteGeneration, type OfFamily } from '@doitong/service-kit';
import { Injectable } from '@nestjs/common';
import { Circuits } from '../circuits/circuits.js';
import { FailoverRepository, type Move } from '../failover/failover.repository.js';
import { FailoverService } from '../failover/failover.service.js';
import { errorOf } from '../failover/tried.js';
import { Changes } from '../generations/changes.js';
import { Lengths } from '../lengths/lengths.js';
import { ModelHealth } from '../model-health/model-health.js';
import { isModels } from '../model-health/observed.js';
import { OutcomeRepository } from '../outcome/outcome.repository.js';
import { Relay } from '../outcome/relay.js';
import { AttemptsRepository, type Begun } from './attempts.repository.js';
import { checkKind } from './check-kind.js';
import { DeadlyAttempts } from './deadly-attempts.js';

/** An attempt that nobody holds and that could not be taken all the same needs another look, not a busy one. */
const SHORTEST_WAIT_MS = 100;

/** A report, and the family of the worker that makes it. */
type Said<Report extends Exclude<keyof typeof attempts, 'hint'>> = RequestOf<(typeof attempts)[Report]> & OfFamily;

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
    private readonly lengths: Lengths,
    private readonly relay: Relay,
    private readonly changes: Changes,
    private readonly logger: Logger,
  ) {}

  async begin(request: Said<'begin'>): Promise<BeginReply> {
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
    if (begun.untilTrialMs !== null && (await this.failover.leave(request))) return { action: 'drop' };
    return notTaken(begun);
  }

  /** False when the attempt is over or another worker's. */
  async submitted({ workerId, task, ...attempt }: Said<'submitted'>): Promise<boolean> {
    const served = await this.repository.submitted(attempt, workerId, task);
    if (served?.closed) this.circuits.closed(served);
    return served?.live ?? false;
  }

  /** False when the attempt is over or another worker's. */
  async progressed({ workerId, progress, ...attempt }: Said<'progress'>): Promise<boolean> {
    const renewed = await this.repository.renew(attempt, workerId, progress);
    if (renewed?.version) this.changes.tell({ id: renewed.generationId, version: renewed.version });
    return renewed !== undefined;
  }

  /** False when the attempt is over or another worker's. */
  risking({ workerId, stage, ...attempt }: Said<'risking'>): Promise<boolean> {
    return this.repository.risk(attempt, workerId, stage ?? null);
  }

  /** False when the attempt is over or another worker's, and when it ends because the account cannot pay for so much. */
  async ready({ audioSeconds, ...attempt }: Said<'ready'>): Promise<boolean> {
    if (audioSeconds !== undefined) {
      const measured = await this.lengths.measured({ ...attempt, audioSeconds });
      if (measured === 'over') return false;
      if (measured !== 'ok') {
        await this.fail({ ...attempt, failure: measured, vendorCostMicroUsd: 0 });
        return false;
      }
    }
    return this.repository.ready(attempt, attempt.workerId);
  }

  /**
   * INVALID_INPUT, with nothing changed, for a file that is not this attempt's own: it could be anybody's, and would be served to this
   * account; and for one that is not of the generation's type.
   */
  async completed({ attemptId, family, output, vendorCostMicroUsd }: Said<'completed'>): Promise<boolean> {
    const { attempt, ended } = await this.database.transaction(async (tx) => {
      const attempt = await this.repository.complete(tx, { attemptId, family }, vendorCostMicroUsd);
      if (!attempt) return {};
      noteGeneration(attempt.generationId);
      if (!output.key.startsWith(`${attempt.generationId}/${attemptId}/`)) {
        throw invalidInput('output.key', 'The output must be a file of this attempt.');
      }
      if (attempt.status !== 'COMPLETED') return { attempt };
      const ended = await this.outcomes.end(tx, attempt.generationId, { status: 'COMPLETED', output });
      if (ended) checkKind(output, ended.type);
      return { attempt, ended };
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

  async failed(report: Said<'failed'>): Promise<boolean> {
    const { workerId, failure } = report;
    return this.fail(report, await this.failover.next(report, workerId, failure));
  }

  /** It moves to no other model: that one's workers might die of it too, and its vendor would be paid a second time. */
  private async endedAsDeadly({ attemptId, family, workerId }: Said<'begin'>, begun: Begun): Promise<boolean> {
    const failure = this.deadly.failureOf(begun);
    if (!failure) return false;
    await this.fail({ attemptId, family, workerId, failure });
    this.deadly.tell(attemptId, begun, failure);
    return true;
  }

  /** `move`: where its generation goes, unless it ends. */
  private async fail(report: Said<'failed'>, move?: Move): Promise<boolean> {
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
