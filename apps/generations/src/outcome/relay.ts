import { billing, rateLimit, webhooks } from '@doitong/contracts';
import { Database, Logger, MessageBus, OutboxRelay } from '@doitong/service-kit';
import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';

/** This service's outbox, relayed to those who must hear of a generation's end. */
@Injectable()
export class Relay extends OutboxRelay implements OnApplicationBootstrap, OnModuleDestroy {
  constructor(database: Database, bus: MessageBus, logger: Logger) {
    super(database, bus, logger, [billing.lower, billing.settle, rateLimit.free, webhooks.enqueue]);
  }

  onApplicationBootstrap(): void {
    this.start();
  }

  onModuleDestroy(): Promise<void> {
    return this.stop();
  }
}
