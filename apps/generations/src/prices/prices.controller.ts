import { admin, type PriceOverride, type ReplyOf, type RequestOf } from '@doitong/contracts';
import { Handles } from '@doitong/service-kit';
import { Controller } from '@nestjs/common';
import { PricesService } from './prices.service.js';

@Controller()
export class PricesController {
  constructor(private readonly prices: PricesService) {}

  @Handles(admin.price.set)
  set(request: RequestOf<typeof admin.price.set>): Promise<PriceOverride> {
    return this.prices.set(request);
  }

  @Handles(admin.price.list)
  async list(request: RequestOf<typeof admin.price.list>): Promise<ReplyOf<typeof admin.price.list>> {
    return { prices: await this.prices.list(request) };
  }

  @Handles(admin.price.falls)
  async falls(): Promise<ReplyOf<typeof admin.price.falls>> {
    return { waiting: await this.prices.falls() };
  }

  @Handles(admin.price.accept)
  accept({ id }: RequestOf<typeof admin.price.accept>): Promise<ReplyOf<typeof admin.price.accept>> {
    return this.prices.accept(id);
  }

  @Handles(admin.price.end)
  end({ id }: RequestOf<typeof admin.price.end>): Promise<PriceOverride> {
    return this.prices.end(id);
  }
}
