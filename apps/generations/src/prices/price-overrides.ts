import type { ModelManifest, Plan, PriceOverride } from '@doitong/contracts';

/** Whose price is asked for. `plan` is null of a generation that was accepted before plans had prices. */
export interface PricedFor {
  accountId: string;
  plan: Plan | null;
}

/** An override as it is kept. */
export interface PriceRow extends Omit<PriceOverride, 'from' | 'until'> {
  from: Date;
  until: Date | null;
}

/** The overrides that are valid or will be. */
export class PriceOverrides {
  private readonly byHolder = new Map<string, PriceRow[]>();

  constructor(rows: PriceRow[] = []) {
    for (const row of rows) {
      const holder = row.accountId ?? row.plan!;
      const own = this.byHolder.get(holder);
      if (own) own.push(row);
      else this.byHolder.set(holder, [row]);
    }
  }

  /** Tells of each model, at this time, what it is for this account: the same, but for its price where one of these holds. */
  pricing({ accountId, plan }: PricedFor, now: Date): (provider: string, model: ModelManifest) => ModelManifest {
    const own = [accountId, plan ?? '']
      .flatMap((holder) => this.byHolder.get(holder) ?? [])
      .filter(({ from, until }) => from <= now && (until === null || until > now))
      .sort(mostSpecificFirst);
    return (provider, model) => {
      const holds = own.find((row) => row.provider === provider && (row.model === null || row.model === model.id));
      return holds ? { ...model, price: holds.price } : model;
    };
  }
}

/** The account's before its plan's, then the model's before its provider's, and of equals the one that was set last. */
function mostSpecificFirst(a: PriceRow, b: PriceRow): number {
  const rank = ({ accountId, model }: PriceRow) => (accountId === null ? 0 : 2) + (model === null ? 0 : 1);
  return rank(b) - rank(a) || b.id - a.id;
}
