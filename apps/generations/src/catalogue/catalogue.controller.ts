import { admin, catalog, generations, type ProviderState, type ReplyOf, type RequestOf } from '@doitong/contracts';
import { Handles, HandlesFamily, Hears, type OfFamily } from '@doitong/service-kit';
import { Controller } from '@nestjs/common';
import { CatalogueService } from './catalogue.service.js';

@Controller()
export class CatalogueController {
  constructor(private readonly catalogue: CatalogueService) {}

  @HandlesFamily(catalog.announce)
  announce(announced: RequestOf<typeof catalog.announce> & OfFamily): Promise<ReplyOf<typeof catalog.announce>> {
    return this.catalogue.announce(announced);
  }

  @HandlesFamily(catalog.leave)
  async leave({
    workerId,
    family,
  }: RequestOf<typeof catalog.leave> & OfFamily): Promise<ReplyOf<typeof catalog.leave>> {
    await this.catalogue.leave(family, workerId);
    return {};
  }

  @Handles(generations.providers)
  async providers({ type }: RequestOf<typeof generations.providers>): Promise<ReplyOf<typeof generations.providers>> {
    return { providers: this.catalogue.providers(type) };
  }

  @Handles(admin.providerList)
  async list(): Promise<ReplyOf<typeof admin.providerList>> {
    return { providers: this.catalogue.states() };
  }

  @Handles(admin.providerDisable)
  disable({ provider, reason }: RequestOf<typeof admin.providerDisable>): Promise<ProviderState> {
    return this.catalogue.disable(provider, reason);
  }

  @Handles(admin.providerEnable)
  enable({ provider }: RequestOf<typeof admin.providerEnable>): Promise<ProviderState> {
    return this.catalogue.enable(provider);
  }

  @Hears(catalog.changed)
  async changed(): Promise<void> {
    this.catalogue.onChanged();
  }
}
