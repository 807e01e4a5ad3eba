import { once } from 'node:events';
import type { Stage } from '@doitong/contracts';
import type { ProviderAdapter } from '@doitong/providers/kit';
import type { Outputs } from '../outputs/outputs.js';
import type { Attempt } from './attempt.js';
import type { Reports } from './reports.js';

/** Then the next death is the fault of one of them alone, the third is its last, and the others are spared. */
const ALONE_FROM = 2;

/** In this process, whichever families it serves. */
let lastAlone: Promise<unknown> = Promise.resolve();

/**
 * An attempt of which so many workers died. That it was its fault shows by where they died: so it is told, durably, before each step that
 * can cost a worker its life, and again after it. Of none it costs nothing.
 */
export class Suspect {
  constructor(
    private readonly deaths: number,
    private readonly workerId: string,
    private readonly reports: Reports,
    private readonly attempt: Pick<Attempt, 'job' | 'lease' | 'stop'>,
  ) {}

  /** The same adapter, with each ask of the vendor such a step. */
  guarded(adapter: ProviderAdapter): ProviderAdapter {
    if (this.deaths === 0) return adapter;
    return {
      ...adapter,
      submit: (...asked) => this.take('SUBMISSION', () => adapter.submit(...asked)),
      lookup: adapter.lookup && ((...asked) => this.take('SUBMISSION', async () => adapter.lookup?.(...asked))),
      poll: (...asked) => this.take('PROCESSING', () => adapter.poll(...asked)),
    };
  }

  /** The same place for outputs, with each that is put there such a step. */
  guardedOutputs(outputs: Pick<Outputs, 'put'>): Pick<Outputs, 'put'> {
    return { put: (...asked) => this.take('DELIVERY', () => outputs.put(...asked)) };
  }

  /** Takes a step of that stage. Throws the reason of the attempt's `stop` when that aborts before it. */
  private async take<T>(stage: Stage, step: () => Promise<T>): Promise<T> {
    if (this.deaths === 0) return step();
    if (this.deaths < ALONE_FROM) return this.takeTold(stage, step);
    const before = lastAlone;
    const turn = this.unlessStopped(before).then(() => this.takeTold(stage, step));
    lastAlone = Promise.allSettled([before, turn]);
    return turn;
  }

  /** Until this is over, or nobody needs the step any more. */
  private async unlessStopped(before: Promise<unknown>): Promise<void> {
    const { stop } = this.attempt;
    const heard = new AbortController();
    if (!stop.aborted) await Promise.race([before, once(stop, 'abort', { signal: heard.signal })]);
    heard.abort();
  }

  private async takeTold<T>(stage: Stage, step: () => Promise<T>): Promise<T> {
    this.attempt.stop.throwIfAborted();
    await this.tell(stage);
    this.attempt.stop.throwIfAborted();
    let reported = false;
    try {
      const result = await step();
      // The next that is reported is what it led to, which says as much.
      reported = stage !== 'PROCESSING' && result !== undefined;
      return result;
    } finally {
      if (!reported) await this.tell();
    }
  }

  private async tell(stage?: Stage): Promise<void> {
    const { job, lease, stop } = this.attempt;
    const { live } = await this.reports.risking({ attemptId: job.attemptId, workerId: this.workerId, stage }, stop);
    if (!live) lease.lose();
  }
}
