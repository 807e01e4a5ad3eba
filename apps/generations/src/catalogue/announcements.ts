import { DoitongError, type FamilyManifest, invalidInput, type PriceFall } from '@doitong/contracts';
import { Logger, Metrics } from '@doitong/service-kit';
import { Inject, Injectable } from '@nestjs/common';
import { Counter } from 'prom-client';
import { PriceFallsRepository } from '../prices/price-falls.repository.js';
import { CatalogueRepository } from './catalogue.repository.js';
import { checkOptionSchemas } from './option-schema.js';

/** What a family's workers may say of it. A worker reads what its vendor sends: that it was taken over must not cost others anything. */
@Injectable()
export class Announcements {
  private readonly refused: Counter<'family'>;

  constructor(
    private readonly repository: CatalogueRepository,
    private readonly falls: PriceFallsRepository,
    private readonly logger: Logger,
    @Inject(Metrics) { registry }: Metrics,
  ) {
    this.refused = new Counter({
      name: 'price_falls_refused_total',
      help: 'Announcements of a family that were refused, as its prices have fallen and no operator has accepted that.',
      labelNames: ['family'],
      registers: [registry],
    });
  }

  /** True when the catalogue has another manifest of the family from now on. INVALID_INPUT for what it may not have. */
  async admit(family: string, manifest: FamilyManifest): Promise<boolean> {
    if (manifest.family !== family) {
      throw invalidInput('manifest.family', `Workers of ${family} speak for that family only.`);
    }
    if (await this.repository.has(manifest)) return false;
    checkOptionSchemas(manifest);
    const refused = await this.repository.take(manifest, async (tx, others) => {
      checkNames(manifest, others);
      return this.falls.pass(tx, manifest);
    });
    if (refused) throw this.refuse(family, refused);
    return true;
  }

  private refuse(family: string, { falls, isNew }: { falls: PriceFall[]; isNew: boolean }): DoitongError {
    this.refused.inc({ family });
    // Workers try again every second.
    if (isNew) this.logger.error('prices have fallen: the family waits for an operator', { family, falls });
    const models = falls.map(({ provider, model, from, to }) => `${provider} (${model}): ${from ?? 'new'} → ${to}`);
    return invalidInput('manifest', `An operator must accept these prices first: ${models.join(', ')}.`);
  }
}

/** A name, of a provider or an alias, leads to one provider: that of the family which had it first. */
function checkNames({ providers }: FamilyManifest, others: FamilyManifest[]): void {
  const taken = new Map<string, string>();
  for (const other of others) {
    for (const { id, aliases } of other.providers) for (const name of [id, ...aliases]) taken.set(name, other.family);
  }
  for (const { id, aliases } of providers) {
    for (const name of [id, ...aliases]) {
      const holder = taken.get(name);
      if (holder) throw invalidInput('manifest.providers', `${id}: the family ${holder} has the name "${name}".`);
      taken.set(name, 'itself');
    }
  }
}
