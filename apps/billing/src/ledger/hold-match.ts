import { type GenerationStatus, generations, type ReplyOf } from '@doitong/contracts';
import { MessageBus } from '@doitong/service-kit';
import { Inject, Injectable } from '@nestjs/common';
import { BillingConfig } from '../config.js';
import { CONFIG } from '../tokens.js';
import { LedgerCheckRepository, LISTED, type SeenHold } from './ledger-check.repository.js';

const BATCH = 1_000;
const FIRST = '';

type Told = Omit<ReplyOf<typeof generations.statuses>['statuses'][number], 'id'> & { accountId?: string };

/** What a hold can be of a generation in this status; null: one that was never accepted. An open hold may still hear of an end. */
const fits: Record<GenerationStatus | 'null', SeenHold['status'][]> = {
  null: ['OPEN', 'RELEASED', 'REFUSED'],
  QUEUED: ['OPEN'],
  PROCESSING: ['OPEN'],
  COMPLETED: ['OPEN', 'CAPTURED'],
  FAILED: ['OPEN', 'RELEASED'],
  CANCELLED: ['OPEN', 'RELEASED', 'CAPTURED'],
};

/**
 * Matches holds with generations, both ways, in bounded batches. Each way asks first the side that changes last, so that
 * work which goes on meanwhile is no discrepancy: a hold is resolved after its generation has ended.
 */
@Injectable()
export class HoldMatch {
  constructor(
    private readonly repository: LedgerCheckRepository,
    private readonly bus: MessageBus,
    @Inject(CONFIG) private readonly config: BillingConfig,
  ) {}

  /** What does not match, a line each. Throws when `generations` does not answer. */
  async run(): Promise<string[]> {
    const found = new Set<string>();
    await this.ofGenerations(found);
    await this.ofHolds(found);
    return [...found].slice(0, LISTED);
  }

  /** What billing has heard the end of has a hold that is resolved accordingly. */
  private async ofGenerations(found: Set<string>): Promise<void> {
    let after: string | null = null;
    do {
      const page: ReplyOf<typeof generations.settled> = await this.bus.request(generations.settled, {
        after,
        first: BATCH,
      });
      const holds = await this.repository.holdsOf(page.generations.map(({ id }) => id));
      const byId = new Map(holds.map((hold) => [hold.generationId, hold]));
      for (const { id, ...told } of page.generations) {
        const hold = byId.get(id);
        if (!hold || hold.status === 'OPEN' || !matches(told, hold)) found.add(line(id, told, hold));
      }
      after = page.next;
    } while (after !== null && found.size < LISTED);
  }

  /** A resolved hold has a generation that ended accordingly; one that is open for long has a generation. */
  private async ofHolds(found: Set<string>): Promise<void> {
    let holds: SeenHold[] = [];
    do {
      const after: string = holds.at(-1)?.generationId ?? FIRST;
      holds = await this.repository.holdsAfter(after, BATCH, 2 * this.config.HOLD_TTL_SECONDS);
      const ids = holds.map(({ generationId }) => generationId);
      const { statuses } = await this.bus.request(generations.statuses, { ids });
      for (const [index, { id, ...told }] of statuses.entries()) {
        const hold = holds[index]!;
        const abandoned = told.status === null && hold.overdue;
        if (abandoned || !matches(told, hold)) found.add(line(id, told, hold));
      }
    } while (holds.length === BATCH && found.size < LISTED);
  }
}

function matches({ status, creditCost, accountId }: Told, hold: SeenHold): boolean {
  if (!fits[`${status}`].includes(hold.status)) return false;
  if (accountId && accountId !== hold.accountId) return false;
  return hold.status === 'OPEN' || creditCost === null || hold.captured === creditCost;
}

function line(id: string, { status, creditCost, accountId }: Told, hold: SeenHold | undefined): string {
  const generation = status === null ? 'unknown' : `${status} for ${creditCost}`;
  const owner = accountId && hold && accountId !== hold.accountId ? `, of ${hold.accountId} and not ${accountId}` : '';
  return `${id} is ${generation}, its hold ${hold ? `${hold.status} with ${hold.captured} captured` : 'missing'}${owner}`;
}
