import { setTimeout as sleep } from 'node:timers/promises';
import { attempts, DoitongError, type FamilyRequest, type ReplyOf, type RequestOf, saidBy } from '@doitong/contracts';
import type { ProviderFamily } from '@doitong/providers/kit';
import { MessageBus, madeStorable } from '@doitong/service-kit';
import { Inject, Injectable } from '@nestjs/common';
import { FAMILY } from '../tokens.js';

const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 5_000;
const PATIENCE_MS = 60_000;

/**
 * What a worker says of an attempt. What must not be lost is said again until it is heard, for a minute, or until `stop` aborts: every report
 * is idempotent.
 */
@Injectable()
export class Reports {
  constructor(
    private readonly bus: MessageBus,
    @Inject(FAMILY) private readonly family: Pick<ProviderFamily, 'manifest'>,
  ) {}

  /** Insists, with the same `beginId`, until `going` aborts: an answer of `submit` that is lost is a submit that nobody makes. */
  begin(body: RequestOf<typeof attempts.begin>, going: AbortSignal): Promise<ReplyOf<typeof attempts.begin>> {
    return this.insist(attempts.begin, body, going);
  }

  progress(body: RequestOf<typeof attempts.progress>): Promise<ReplyOf<typeof attempts.progress>> {
    return this.say(attempts.progress, body);
  }

  release(body: RequestOf<typeof attempts.release>): Promise<ReplyOf<typeof attempts.release>> {
    return this.say(attempts.release, body);
  }

  risking(body: RequestOf<typeof attempts.risking>, stop: AbortSignal): Promise<ReplyOf<typeof attempts.risking>> {
    return this.insist(attempts.risking, body, stop);
  }

  ready(body: RequestOf<typeof attempts.ready>, stop: AbortSignal): Promise<ReplyOf<typeof attempts.ready>> {
    return this.insist(attempts.ready, body, stop);
  }

  submitted(
    body: RequestOf<typeof attempts.submitted>,
    stop: AbortSignal,
  ): Promise<ReplyOf<typeof attempts.submitted>> {
    return this.insist(attempts.submitted, body, stop);
  }

  completed(
    body: RequestOf<typeof attempts.completed>,
    stop: AbortSignal,
  ): Promise<ReplyOf<typeof attempts.completed>> {
    return this.insist(attempts.completed, body, stop);
  }

  late(body: RequestOf<typeof attempts.late>, stop: AbortSignal): Promise<ReplyOf<typeof attempts.late>> {
    return this.insist(attempts.late, body, stop);
  }

  failed(body: RequestOf<typeof attempts.failed>, stop: AbortSignal): Promise<ReplyOf<typeof attempts.failed>> {
    return this.insist(attempts.failed, body, stop);
  }

  private say<M extends FamilyRequest>(message: M, body: RequestOf<M>): Promise<ReplyOf<M>> {
    return this.bus.request(saidBy(this.family.manifest.family, message), body) as Promise<ReplyOf<M>>;
  }

  private async insist<M extends FamilyRequest>(
    message: M,
    body: RequestOf<M>,
    stop: AbortSignal,
  ): Promise<ReplyOf<M>> {
    const until = Date.now() + PATIENCE_MS;
    // Vendors' words and figures are in it, of which none may stand between an attempt and its end.
    const told = madeSound(madeStorable(body));
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
      try {
        return await this.say(message, told);
      } catch (error) {
        const unheard = error instanceof DoitongError && error.code === 'INTERNAL';
        if (!unheard || Date.now() > until || stop.aborted) throw error;
        await sleep(pauseMs, undefined, { signal: stop }).catch(() => {
          throw error;
        });
      }
    }
  }
}

/** A cost that can be none is not known. */
function madeSound<Body extends object>(body: Body): Body {
  const { vendorCostMicroUsd: cost } = body as { vendorCostMicroUsd?: number };
  if (cost === undefined || (Number.isSafeInteger(cost) && cost >= 0)) return body;
  return { ...body, vendorCostMicroUsd: undefined };
}
