import { billing } from '@doitong/contracts';
import { MessageBus } from '@doitong/service-kit';
import { Injectable } from '@nestjs/common';

/** Tells whoever keeps principals in memory. A broadcast that is lost is made up for by their looking again after seconds. */
@Injectable()
export class KeyChanges {
  constructor(private readonly bus: MessageBus) {}

  /** After the commit. It has left this process when the promise resolves. */
  async tell(accountId: string): Promise<void> {
    this.bus.broadcast(billing.keysChanged, { accountId });
    await this.bus.connection.flush();
  }
}
