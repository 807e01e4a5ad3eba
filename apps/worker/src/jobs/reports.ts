import { setTimeout as sleep } from 'node:timers/promises';
import { attempts, DoitongError, type ReplyOf, type Request, type RequestOf } from '@doitong/contracts';
import { MessageBus, madeStorable } from '@doitong/service-kit';
import { Injectable } from '@nestjs/common';

const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 5_000;
const PATIENCE_MS = 60_000;

/** What a worker says of an attempt. What must not be lost is said again until it is heard: every report is idempotent. */
@Injectable()
export class Reports {
  constructor(private readonly bus: MessageBus) {}

  /** Insists, with the same `beginId`, until `going` aborts: an answer of `submit` that is lost is a submit that nobody makes. */
  begin(body: RequestOf<typeof attempts.begin>, going: AbortSignal): Promise<ReplyOf<typeof attempts.begin>> {
    return this.insist(attempts.begin, body, going);
  }

  progress(body: RequestOf<typeof attempts.progress>): Promise<ReplyOf<typeof attempts.progress>> {
    return this.bus.request(attempts.progress, body);
  }

  release(body: RequestOf<typeof attempts.release>): Promise<ReplyOf<typeof attempts.release>> {
    return this.bus.request(attempts.release, body);
  }

  risking(body: RequestOf<typeof attempts.risking>): Promise<ReplyOf<typeof attempts.risking>> {
    return this.insist(attempts.risking, body);
  }

  submitted(body: RequestOf<typeof attempts.submitted>): Promise<ReplyOf<typeof attempts.submitted>> {
    return this.insist(attempts.submitted, body);
  }

  completed(body: RequestOf<typeof attempts.completed>): Promise<ReplyOf<typeof attempts.completed>> {
    return this.insist(attempts.completed, body);
  }

  late(body: RequestOf<typeof attempts.late>): Promise<ReplyOf<typeof attempts.late>> {
    return this.insist(attempts.late, body);
  }

  failed(body: RequestOf<typeof attempts.failed>): Promise<ReplyOf<typeof attempts.failed>> {
    return this.insist(attempts.failed, body);
  }

  private async insist<M extends Request>(message: M, body: RequestOf<M>, stop?: AbortSignal): Promise<ReplyOf<M>> {
    const until = Date.now() + PATIENCE_MS;
    // Vendors' words are in it, of which none may stand between an attempt and its end.
    const told = madeStorable(body);
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
      try {
        return await this.bus.request(message, told);
      } catch (error) {
        const unheard = error instanceof DoitongError && error.code === 'INTERNAL';
        if (!unheard || Date.now() > until || stop?.aborted) throw error;
        await sleep(pauseMs, undefined, { signal: stop }).catch(() => {
          throw error;
        });
      }
    }
  }
}
