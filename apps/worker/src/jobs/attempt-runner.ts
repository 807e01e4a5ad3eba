import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Job } from '@doitong/contracts';
import { listCost, type ProviderFamily, toFailure, VendorError } from '@doitong/providers/kit';
import { type JobOutcome, Logger } from '@doitong/service-kit';
import { Inject, Injectable } from '@nestjs/common';
import { CallbackUrls } from '../callbacks/callback-urls.js';
import { WorkerConfig } from '../config.js';
import { AttemptInputs } from '../inputs/attempt-inputs.js';
import { InputReader } from '../inputs/input-reader.js';
import { Outputs } from '../outputs/outputs.js';
import { CONFIG, FAMILY } from '../tokens.js';
import { type Access, Vendors } from '../vendors/vendors.js';
import { WorkerIdentity } from '../worker-identity.js';
import type { Attempt } from './attempt.js';
import { Breakdowns } from './breakdowns.js';
import { type Begun, carryOut, lookLate } from './carry-out.js';
import { Hints } from './hints.js';
import { Lease } from './lease.js';
import { Pauses } from './pauses.js';
import { Reports } from './reports.js';
import { Suspect } from './suspect.js';

const WITHOUT_CREDENTIAL_MS = 30_000;
/** For those who give something up at the end, to say so. */
const LAST_WORDS_MS = 1_000;

/** Runs the attempts that jobs wake this worker up for, each once at a time. */
@Injectable()
export class AttemptRunner {
  private readonly inHand = new Set<string>();
  private readonly going = new AbortController();
  private readonly gone = new AbortController();
  private readonly breakdowns: Breakdowns;

  constructor(
    private readonly reports: Reports,
    private readonly hints: Hints,
    private readonly vendors: Vendors,
    private readonly callbacks: CallbackUrls,
    private readonly inputs: InputReader,
    private readonly outputs: Outputs,
    private readonly identity: WorkerIdentity,
    private readonly logger: Logger,
    @Inject(FAMILY) private readonly family: ProviderFamily,
    @Inject(CONFIG) private readonly config: WorkerConfig,
  ) {
    this.breakdowns = new Breakdowns(logger);
  }

  async run({ attemptId }: Job): Promise<JobOutcome> {
    if (this.inHand.has(attemptId)) return { retryAfterMs: this.config.JOB_LEASE_MS };
    this.inHand.add(attemptId);
    try {
      const { credentials } = this.vendors;
      const asked = { attemptId, workerId: this.identity.id, beginId: randomUUID(), credentials };
      const begun = await this.reports.begin(asked, this.going.signal);
      if (begun.action === 'drop') return 'done';
      if (begun.action === 'wait') return { retryAfterMs: begun.retryAfterMs };
      return await this.hold(begun);
    } finally {
      this.inHand.delete(attemptId);
    }
  }

  /**
   * Gives up what another worker can go on with: what waits for its vendor, and what is being fetched from there. What is being submitted is
   * submitted first, and what only this worker has, such as an output that came with the answer, is stored and told, as far as there is time.
   * Resolves when there is none left: a vendor may take minutes to answer a submit, which another worker then looks up.
   */
  async handOver(): Promise<void> {
    this.going.abort();
    await sleep(this.config.STOP_GRACE_MS, undefined, { ref: false });
    this.gone.abort();
    await sleep(LAST_WORDS_MS, undefined, { ref: false });
  }

  private async hold(begun: Begun): Promise<JobOutcome> {
    const { attemptId, mode } = begun.job;
    const workerId = this.identity.id;
    const access = this.vendors.find(mode, begun.credential);
    if (!access) {
      this.logger.error('no such credential here', { mode, credential: begun.credential });
      await this.reports.release({ attemptId, workerId });
      return { retryAfterMs: WITHOUT_CREDENTIAL_MS };
    }
    const attempt = this.attemptOf(begun, access);
    const late = begun.action === 'resume' && begun.late;
    // Nobody hears of a late look that its worker did not survive, unless it is told.
    const suspect = new Suspect(begun.deaths ?? (late ? 1 : 0), workerId, this.reports, attempt);
    attempt.adapter = suspect.guarded(attempt.adapter);
    const stopListening = this.hints.listen(attemptId, (hint) => {
      if (hint === 'poll') attempt.pauses.wake();
      else attempt.lease.lose();
    });
    try {
      const means = { reports: this.reports, outputs: suspect.guardedOutputs(this.outputs), workerId };
      if (begun.action === 'resume' && late) await lookLate(attempt, begun.task, means);
      else await carryOut(attempt, begun, means);
      return 'done';
    } catch (error) {
      return await this.settle(attempt, error);
    } finally {
      stopListening();
      attempt.inputs.letGo();
      attempt.lease.end();
    }
  }

  /**
   * A vendor's refusal is the attempt's end, and so is what would only happen again. A stop gives it back, for whoever goes on with it.
   * What may pass, such as that nobody heard a report, is thrown.
   */
  private async settle(attempt: Attempt, error: unknown): Promise<JobOutcome> {
    const { stop, lease } = attempt;
    const { attemptId } = attempt.job;
    if (error instanceof VendorError) return this.fail(attempt, error);
    if (!stop.aborted) return this.fail(attempt, this.breakdowns.lastOf(attempt, error));
    await this.reports.release({ attemptId, workerId: this.identity.id });
    return lease.signal.aborted ? 'done' : { retryAfterMs: 0 };
  }

  private async fail(attempt: Attempt, error: VendorError): Promise<JobOutcome> {
    const { stage, gone } = attempt;
    this.logger.warn('vendor refused or failed', { stage, kind: error.kind, error });
    const failure = toFailure(error, stage);
    const vendorCostMicroUsd = error.costMicroUsd ?? attempt.costMicroUsd;
    const holder = { attemptId: attempt.job.attemptId, workerId: this.identity.id };
    await this.reports.failed({ ...holder, failure, vendorCostMicroUsd }, gone);
    return 'done';
  }

  private attemptOf({ job }: Begun, { otherCredentials, ...access }: Access): Attempt {
    const { attemptId, type, provider, model, input, options } = job;
    const scale = job.mode === 'test' ? this.config.SANDBOX_SPEED : 1;
    const expectedMs = job.expectedSeconds * 1_000 * scale;
    const holder = { attemptId, workerId: this.identity.id };
    const lease = new Lease(holder, expectedMs, this.config.JOB_LEASE_MS, this.reports, this.logger);
    const inputs = new AttemptInputs(this.inputs, input, lease.signal);
    return {
      job,
      lease,
      scale,
      stage: 'SUBMISSION',
      listCostMicroUsd: listCost(this.family.manifest, job),
      adapter: this.family.adapter,
      request: { attemptId, type, provider, model, input, options },
      vendor: {
        ...access,
        callbackUrl: this.callbacks.of(this.family.manifest.family, job),
        // A submit is never cut off: its answer must be known, even that of an attempt that is over.
        signal: new AbortController().signal,
        readInput: (name) => inputs.read(name),
      },
      inputs,
      otherCredentials,
      pauses: new Pauses(),
      stop: AbortSignal.any([lease.signal, this.going.signal]),
      gone: AbortSignal.any([lease.signal, this.gone.signal]),
      deadlineMs: Date.parse(job.deadlineAt),
      logger: this.logger,
    };
  }
}
