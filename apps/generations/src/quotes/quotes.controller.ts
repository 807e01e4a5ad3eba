import { generations, type ReplyOf, type RequestOf } from '@doitong/contracts';
import { Handles } from '@doitong/service-kit';
import { Controller } from '@nestjs/common';
import { QuotesService } from './quotes.service.js';

@Controller()
export class QuotesController {
  constructor(private readonly service: QuotesService) {}

  @Handles(generations.quote)
  quote(request: RequestOf<typeof generations.quote>): Promise<ReplyOf<typeof generations.quote>> {
    return this.service.quote(request);
  }
}
