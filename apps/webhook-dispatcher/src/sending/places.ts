import { LRUCache } from 'lru-cache';
import { type Destination, nameOf } from '../deliveries/destinations.js';

/** That a destination has at once until it has answered this process: many that hang at the same time leave room for the others. */
const UNHEARD_OF = 2;
const MOST_REMEMBERED = 20_000;

export interface PlaceLimits {
  total: number;
  perAccount: number;
  perDestination: number;
}

/** A destination that has something due. */
export interface Candidate extends Destination {
  /** Its last attempt had no answer: it gets one place, until it answers. */
  onProbation: boolean;
}

export interface Allotment extends Destination {
  places: number;
}

interface Taken extends Allotment {
  limit: number;
}

/** Which attempts are under way in this process, so that no account and no destination takes the places of the others. */
export class Places {
  private taken = 0;
  private readonly byAccount = new Map<string, number>();
  private readonly byDestination = new Map<string, Taken>();
  private onProbation = new Set<string>();
  private readonly heard = new LRUCache<string, true>({ max: MOST_REMEMBERED });

  constructor(private readonly limits: PlaceLimits) {}

  get free(): number {
    return this.limits.total - this.taken;
  }

  fullAccounts(): string[] {
    return [...this.byAccount].filter(([, taken]) => taken >= this.limits.perAccount).map(([accountId]) => accountId);
  }

  fullDestinations(): Destination[] {
    return [...this.byDestination.values()].filter(({ places, limit }) => places >= limit);
  }

  /** How many deliveries may be claimed for each destination, the first served first; those that get none are left out. */
  allot(candidates: Candidate[]): Allotment[] {
    let free = this.free;
    const taken = new Map(this.byAccount);
    this.onProbation = new Set(candidates.filter(({ onProbation }) => onProbation).map(nameOf));
    return candidates.flatMap(({ accountId, target }) => {
      const ofAccount = taken.get(accountId) ?? 0;
      const here = this.byDestination.get(nameOf({ accountId, target }))?.places ?? 0;
      const limit = this.limitOf({ accountId, target });
      const places = Math.min(free, this.limits.perAccount - ofAccount, limit - here);
      if (places <= 0) return [];
      free -= places;
      taken.set(accountId, ofAccount + places);
      return [{ accountId, target, places }];
    });
  }

  /** For a delivery that was claimed by the last allotment. */
  take(destination: Destination): void {
    this.change(destination, 1);
  }

  giveBack(destination: Destination): void {
    this.change(destination, -1);
  }

  /** It has answered, whatever that was. */
  answered(destination: Destination): void {
    this.heard.set(nameOf(destination), true);
  }

  private limitOf(destination: Destination): number {
    const name = nameOf(destination);
    if (this.onProbation.has(name)) return 1;
    return this.heard.has(name) ? this.limits.perDestination : Math.min(UNHEARD_OF, this.limits.perDestination);
  }

  private change({ accountId, target }: Destination, by: 1 | -1): void {
    this.taken += by;
    const ofAccount = (this.byAccount.get(accountId) ?? 0) + by;
    if (ofAccount === 0) this.byAccount.delete(accountId);
    else this.byAccount.set(accountId, ofAccount);
    const id = nameOf({ accountId, target });
    const before = this.byDestination.get(id);
    const places = (before?.places ?? 0) + by;
    const limit = by === 1 ? this.limitOf({ accountId, target }) : before!.limit;
    if (places === 0) this.byDestination.delete(id);
    else this.byDestination.set(id, { accountId, target, places, limit });
  }
}
