import { billing, DoitongError, type ErrorCode, type Limits, rateLimit } from '@doitong/contracts';
import { Logger, MessageBus } from '@doitong/service-kit';
import { Injectable } from '@nestjs/common';

export interface Wanted {
  generationId: string;
  accountId: string;
  limits: Limits;
  credits: number;
}

const SPENT: ErrorCode = 'IDEMPOTENCY_CONFLICT';
const refusals: ErrorCode[] = ['RATE_LIMIT', 'INSUFFICIENT_CREDITS', 'FORBIDDEN', 'NOT_FOUND', SPENT];

/** Whether it is certain that this generation cannot be accepted. After any other error something may be taken. */
export function isRefusal(error: unknown): boolean {
  return error instanceof DoitongError && refusals.includes(error.code);
}

/** Whether an earlier owner of the id held another amount, or its hold is over already: no fault of the customer's. */
export function isSpent(error: unknown): boolean {
  return error instanceof DoitongError && error.code === SPENT;
}

/** The slot and the hold that a generation has before it is accepted. Both are idempotent on its id, and expire. */
@Injectable()
export class Reservations {
  constructor(
    private readonly bus: MessageBus,
    private readonly logger: Logger,
  ) {}

  /** Takes both, or neither when one is refused. Returns until when both serve. */
  async take({ generationId, accountId, limits, credits }: Wanted): Promise<Date> {
    const { concurrent, perDay } = limits;
    const slot = await this.bus.request(rateLimit.admit, { generationId, accountId, concurrent, perDay });
    try {
      const hold = await this.bus.request(billing.hold, { generationId, accountId, credits });
      return new Date(Math.min(Date.parse(slot.expiresAt), Date.parse(hold.expiresAt)));
    } catch (error) {
      if (isRefusal(error)) await this.giveBack(generationId, [this.freeSlot(generationId)]);
      throw error;
    }
  }

  /** For a generation that is certain never to be accepted, whatever of both it has. */
  async giveBackAll(generationId: string): Promise<void> {
    const settled = this.bus.request(billing.settle, { items: [{ generationId, outcome: 'RELEASE', credits: 0 }] });
    await this.giveBack(generationId, [this.freeSlot(generationId), settled]);
  }

  private freeSlot(generationId: string): Promise<unknown> {
    return this.bus.request(rateLimit.free, { items: [{ generationId, refundQuota: true }] });
  }

  /** What cannot be given back now is left to the sweeper of the service that has it. */
  private async giveBack(generationId: string, requests: Promise<unknown>[]): Promise<void> {
    for (const outcome of await Promise.allSettled(requests)) {
      if (outcome.status === 'fulfilled') continue;
      this.logger.warn('reservation left to expire', { generationId, error: outcome.reason });
    }
  }
}
