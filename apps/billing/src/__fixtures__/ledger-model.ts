interface ModelGrant {
  priority: number;
  /** In the order of time; those that have run out before all others. */
  expiresAt: number;
  over: boolean;
  remaining: number;
}

interface ModelHold {
  credits: number;
  status: 'OPEN' | 'CAPTURED' | 'RELEASED' | 'REFUSED';
  captured: number;
  refunded?: number;
}

/** What one account's ledger should do, as plainly as it can be said. Each step tells `ok` or the code of the refusal. */
export class LedgerModel {
  readonly grants: ModelGrant[] = [];
  readonly holds: ModelHold[] = [];
  private runOuts = 0;
  private due = false;

  get held(): number {
    return sum(this.holds.map(({ status, credits }) => (status === 'OPEN' ? credits : 0)));
  }

  get credits(): number {
    return sum(this.grants.map(({ remaining }) => remaining)) - this.held;
  }

  /** What is left of each grant, in the order in which they are used up. */
  get left(): number[] {
    return this.ordered().map(({ remaining }) => remaining);
  }

  give(credits: number, priority: number, expires: boolean): string {
    const expiresAt = expires ? 1_000_000 + this.grants.length : Number.POSITIVE_INFINITY;
    this.grants.push({ priority, expiresAt, over: false, remaining: credits });
    return 'ok';
  }

  take(credits: number): string {
    this.expire();
    if (credits > this.credits) return 'INSUFFICIENT_CREDITS';
    this.use(credits);
    return 'ok';
  }

  hold(credits: number): string {
    if (this.due && credits <= this.credits) this.expire();
    const payable = credits <= this.credits;
    this.holds.push({ credits, status: payable ? 'OPEN' : 'REFUSED', captured: 0 });
    return payable ? 'ok' : 'INSUFFICIENT_CREDITS';
  }

  raise(hold: ModelHold, credits: number): string {
    this.expire();
    if (hold.status !== 'OPEN') return 'NOT_FOUND';
    if (credits - hold.credits > this.credits) return 'INSUFFICIENT_CREDITS';
    hold.credits = Math.max(hold.credits, credits);
    this.lookAgain();
    return 'ok';
  }

  settle(hold: ModelHold, outcome: 'CAPTURE' | 'RELEASE', credits: number): string {
    if (hold.status !== 'OPEN') return 'ok';
    this.lookAgain();
    hold.status = outcome === 'CAPTURE' ? 'CAPTURED' : 'RELEASED';
    hold.captured = outcome === 'CAPTURE' ? Math.min(credits, hold.credits) : 0;
    this.use(hold.captured);
    return 'ok';
  }

  refund(hold: ModelHold, credits: number): string {
    if (hold.captured === 0) return 'NOT_FOUND';
    if (credits > hold.captured) return 'INVALID_INPUT';
    if (hold.refunded !== undefined) return hold.refunded === credits ? 'ok' : 'IDEMPOTENCY_CONFLICT';
    hold.refunded = credits;
    return this.give(credits, 100, false);
  }

  runOut(grant: ModelGrant): void {
    Object.assign(grant, { over: true, expiresAt: this.runOuts++ });
    this.due = true;
  }

  private ordered(): ModelGrant[] {
    const live = this.grants.filter(({ remaining }) => remaining > 0);
    return live.sort((one, other) =>
      one.priority === other.priority && one.expiresAt === other.expiresAt
        ? 0
        : one.priority - other.priority || (one.expiresAt < other.expiresAt ? -1 : 1),
    );
  }

  private use(credits: number): void {
    for (const grant of this.ordered()) {
      const used = Math.min(grant.remaining, credits);
      grant.remaining -= used;
      credits -= used;
    }
  }

  private expire(): void {
    let needed = this.held;
    for (const grant of this.ordered()) {
      const kept = Math.min(grant.remaining, needed);
      if (grant.over) grant.remaining = kept;
      needed -= kept;
    }
    this.due = false;
  }

  private lookAgain(): void {
    this.due ||= this.grants.some(({ over, remaining }) => over && remaining > 0);
  }
}

const sum = (some: number[]) => some.reduce((total, one) => total + one, 0);
