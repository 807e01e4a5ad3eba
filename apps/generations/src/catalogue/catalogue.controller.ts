import { catalog, generations, type ReplyOf, type RequestOf } from '@doitong/contracts';
import { Handles, Hears } from '@doitong/service-kit';
import { Controller } from '@nestjs/common';
import { CatalogueService } from './catalogue.service.js';

@Controller()
export class CatalogueController {
  constructor(private readonly catalogue: CatalogueService) {}

  @Handles(catalog.announce)
  announce({
    workerId,
    credentials,
    manifest,
  }: RequestOf<typeof catalog.announce>): Promise<ReplyOf<typeof catalog.announce>> {
    return this.catalogue.announce(workerId, credentials, manifest);
  }

  @Handles(catalog.leave)
  async leave({ workerId }: RequestOf<typeof catalog.leave>): Promise<ReplyOf<typeof catalog.leave>> {
    await this.catalogue.leave(workerId);
    return {};
  }

  @Handles(generations.providers)
  async providers({ type }: RequestOf<typeof generations.providers>): Promise<ReplyOf<typeof generations.providers>> {
    return { providers: this.catalogue.providers(type) };
  }

  @Hears(catalog.changed)
  async changed(): Promise<void> {
    this.catalogue.onChanged();
  }
}
