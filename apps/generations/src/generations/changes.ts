import { type Generation, generations } from '@doitong/contracts';
import { MessageBus } from '@doitong/service-kit';
import { Injectable } from '@nestjs/common';

/** Tells those who watch a generation that it changed: whoever commits a change calls this, after the commit. */
@Injectable()
export class Changes {
  constructor(private readonly bus: MessageBus) {}

  tell({ id, version }: Pick<Generation, 'id' | 'version'>): void {
    this.bus.broadcast(generations.changed(id), { version });
  }
}
