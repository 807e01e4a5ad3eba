import { setTimeout as sleep } from 'node:timers/promises';
import type { Customer } from '@doitong/support';
import type { Fleet } from './fleet.js';
import type { Violations } from './violations.js';
import type { Wish } from './wishes.js';

/** One call has so long before its client asks again. */
export const CALL_MS = 8_000;
const PAUSE_MS = 400;
/** Who has had no answer for so long has been left alone by the platform. */
const PATIENCE_MS = 240_000;
const CANCEL = 'mutation ($id: ID!) { cancelGeneration(id: $id) }';

/** A wish that was accepted. */
export interface Accepted {
  wish: Wish;
  id: string;
}

export interface Granted {
  accepted: Accepted[];
  /** By error code: what was refused for good. */
  refused: Map<string, number>;
}

/** The answer, if there is one in time. */
export function within<T>(ms: number, call: Promise<T>): Promise<T | undefined> {
  return Promise.race([call.catch(() => undefined), sleep(ms, undefined, { ref: false })]);
}

/** Clients that behave as the README asks: they keep their keys, and repeat what had no answer or may be repeated. */
export class Clients {
  readonly granted: Granted = { accepted: [], refused: new Map() };

  constructor(
    private readonly fleet: Fleet,
    private readonly customers: Customer[],
    private readonly webhookUrl: string,
    private readonly violations: Violations,
  ) {}

  /** Asks until it is accepted or refused for good, and cancels what is to be cancelled. */
  async grant(wish: Wish): Promise<void> {
    const ids = await Promise.all(Array.from({ length: wish.calls }, () => this.insist(wish)));
    const [id, ...others] = new Set(ids.filter((one) => one !== undefined));
    if (others.length > 0) {
      this.violations.add('3 one key, one generation', `${wish.key} has ${id} and ${others.join(', ')}`);
    }
    if (!id) return;
    this.granted.accepted.push({ wish, id });
    if (wish.cancelAfterMs === undefined) return;
    await sleep(wish.cancelAfterMs);
    await this.cancel(wish, id);
  }

  private async insist(wish: Wish): Promise<string | undefined> {
    const until = Date.now() + PATIENCE_MS;
    while (Date.now() < until) {
      const asked = this.customer(wish).tryGenerate(
        { ...wish.input, webhookUrl: `${this.webhookUrl}/${wish.key}` },
        { 'idempotency-key': wish.key },
      );
      const answer = await within(CALL_MS, asked);
      if (answer?.data?.generate) return answer.data.generate.id;
      const refusal = answer?.errors?.[0]?.extensions;
      if (refusal && refusal.retryable === false) {
        this.granted.refused.set(refusal.code, (this.granted.refused.get(refusal.code) ?? 0) + 1);
        return undefined;
      }
      await sleep(PAUSE_MS);
    }
    this.violations.add('1 nothing is lost', `${wish.key} had no answer in ${PATIENCE_MS / 1_000} s`);
    return undefined;
  }

  private async cancel(wish: Wish, id: string): Promise<void> {
    const until = Date.now() + PATIENCE_MS;
    while (Date.now() < until) {
      const answer = await within(CALL_MS, this.customer(wish).ask(CANCEL, { id }));
      // False: it has ended already.
      if (answer?.data) return;
      const refusal = answer?.errors?.[0]?.extensions;
      if (refusal?.retryable === false) {
        this.violations.add('1 nothing is lost', `${id} was accepted, and to cancel it is ${refusal.code}`);
        return;
      }
      await sleep(PAUSE_MS);
    }
    this.violations.add('1 nothing is lost', `cancelling ${id} had no answer in ${PATIENCE_MS / 1_000} s`);
  }

  private customer({ account }: Wish): Customer {
    return this.fleet.through(this.customers[account]!, Math.random);
  }
}
