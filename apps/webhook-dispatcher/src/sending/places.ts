import type { Destination } from '../deliveries/destinations.js';

export interface PlaceLimits {
  total: number;
  perAccount: number;
  perDestination: number;
}

export interface Allotment extends Destination {
  places: number;
}

/** Which attempts are under way in this process, so that no account and no host takes the places of the others. */
export class Places {
  private taken = 0;
  private readonly byAccount = new Map<string, number>();
  private readonly byDestination = new Map<string, Allotment>();

  constructor(private readonly limits: PlaceLimits) {}

  get free(): number {
    return this.limits.total - this.taken;
  }

  fullAccounts(): string[] {
    return [...this.byAccount].filter(([, taken]) => taken >= this.limits.perAccount).map(([accountId]) => accountId);
  }

  fullDestinations(): Destination[] {
    return [...this.byDestination.values()].filter(({ places }) => places >= this.limits.perDestination);
  }

  /** How many deliveries may be claimed for each destination, the first served first; those that get none are left out. */
  allot(destinations: Destination[]): Allotment[] {
    let free = this.free;
    const taken = new Map(this.byAccount);
    return destinations.flatMap(({ accountId, host }) => {
      const ofAccount = taken.get(accountId) ?? 0;
      const here = this.byDestination.get(key({ accountId, host }))?.places ?? 0;
      const places = Math.min(free, this.limits.perAccount - ofAccount, this.limits.perDestination - here);
      if (places <= 0) return [];
      free -= places;
      taken.set(accountId, ofAccount + places);
      return [{ accountId, host, places }];
    });
  }

  take(destination: Destination): void {
    this.change(destination, 1);
  }

  giveBack(destination: Destination): void {
    this.change(destination, -1);
  }

  private change({ accountId, host }: Destination, by: 1 | -1): void {
    this.taken += by;
    const ofAccount = (this.byAccount.get(accountId) ?? 0) + by;
    if (ofAccount === 0) this.byAccount.delete(accountId);
    else this.byAccount.set(accountId, ofAccount);
    const id = key({ accountId, host });
    const places = (this.byDestination.get(id)?.places ?? 0) + by;
    if (places === 0) this.byDestination.delete(id);
    else this.byDestination.set(id, { accountId, host, places });
  }
}

const key = ({ accountId, host }: Destination) => `${accountId} ${host}`;
