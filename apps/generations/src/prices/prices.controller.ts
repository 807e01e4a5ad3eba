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

  @Handles(admin.price.end)
  end({ id }: RequestOf<typeof admin.price.end>): Promise<PriceOverride> {
    return this.prices.end(id);
  }
}
