import { generations, type ReplyOf, type RequestOf } from '@doitong/contracts';
import { Handles } from '@doitong/service-kit';
import { Controller } from '@nestjs/common';
import { GenerationsService } from './generations.service.js';

@Controller()
export class GenerationsController {
  constructor(private readonly service: GenerationsService) {}

  @Handles(generations.get)
  get({ id, ...owner }: RequestOf<typeof generations.get>): Promise<ReplyOf<typeof generations.get>> {
    return this.service.get(owner, id);
  }

  @Handles(generations.list)
  list(request: RequestOf<typeof generations.list>): Promise<ReplyOf<typeof generations.list>> {
    return this.service.list(request);
  }

  @Handles(generations.cancel)
  async cancel({ id, ...owner }: RequestOf<typeof generations.cancel>): Promise<ReplyOf<typeof generations.cancel>> {
    return { cancelled: await this.service.cancel(owner, id) };
  }

  @Handles(generations.statuses)
  async statuses({ ids }: RequestOf<typeof generations.statuses>): Promise<ReplyOf<typeof generations.statuses>> {
    return { statuses: await this.service.statuses(ids) };
  }

  @Handles(generations.settled)
  settled(request: RequestOf<typeof generations.settled>): Promise<ReplyOf<typeof generations.settled>> {
    return this.service.settled(request);
  }
}
