import {
  type admin,
  billing,
  DoitongError,
  invalidInput,
  type ModelManifest,
  type PriceOverride,
  type ReplyOf,
  type RequestOf,
} from '@doitong/contracts';
import { Clock, MessageBus } from '@doitong/service-kit';
import { Injectable } from '@nestjs/common';
import { CatalogueService } from '../catalogue/catalogue.service.js';
import { checkPrice } from './check-price.js';
import { PriceFallsRepository } from './price-falls.repository.js';
import { PricesRepository, toPriceOverride } from './prices.repository.js';

/** Prices that operators set for an account or a plan, and falls of the catalogue's that they accept. */
@Injectable()
export class PricesService {
  constructor(
    private readonly repository: PricesRepository,
    private readonly fallen: PriceFallsRepository,
    private readonly catalogue: CatalogueService,
    private readonly bus: MessageBus,
    private readonly clock: Clock,
  ) {}

  async set(wanted: RequestOf<typeof admin.price.set>): Promise<PriceOverride> {
    const { accountId, plan, price, from, until } = wanted;
    if ((accountId === undefined) === (plan === undefined)) {
      throw invalidInput('accountId', 'A price is for either an account or a plan.');
    }
    const begins = from === undefined ? this.clock.now() : new Date(from);
    if (until !== undefined && new Date(until) <= begins) {
      throw invalidInput('until', 'This price would be over before it begins.');
    }
    const { id: provider, models } = this.catalogue.named(wanted.provider);
    const model = wanted.model === undefined ? null : modelOf(models, wanted.model);
    checkPrice(price, model ? [model] : models);
    if (accountId !== undefined) await this.bus.request(billing.account, { accountId });
    const row = await this.repository.set({ ...wanted, provider, model: model?.id ?? null });
    await this.catalogue.changed(provider);
    return toPriceOverride(row);
  }

  async list({ provider, ...filter }: RequestOf<typeof admin.price.list>): Promise<PriceOverride[]> {
    const id = provider === undefined ? undefined : this.catalogue.named(provider).id;
    return (await this.repository.list({ ...filter, provider: id })).map(toPriceOverride);
  }

  /** NOT_FOUND. */
  async end(id: number): Promise<PriceOverride> {
    const row = await this.repository.end(id);
    if (!row) throw new DoitongError('NOT_FOUND', `There is no price ${id}.`, { field: 'id' });
    await this.catalogue.changed(row.provider);
    return toPriceOverride(row);
  }

  falls(): Promise<ReplyOf<typeof admin.price.falls>['waiting']> {
    return this.fallen.waiting();
  }

  /** NOT_FOUND. */
  async accept(id: number): Promise<ReplyOf<typeof admin.price.accept>> {
    const accepted = await this.fallen.accept(id);
    if (!accepted) throw new DoitongError('NOT_FOUND', `No price fall ${id} waits.`, { field: 'id' });
    return accepted;
  }
}

function modelOf(models: ModelManifest[], name: string): ModelManifest {
  const found = models.find(({ id }) => id.toLowerCase() === name.toLowerCase());
  if (found) return found;
  const allowed = models.map(({ id }) => id);
  throw new DoitongError('NOT_FOUND', `It has no model "${name}".`, { field: 'model', allowed });
}
