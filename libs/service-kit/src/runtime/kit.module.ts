import type { NatsConnection } from '@nats-io/transport-node';
import { type DynamicModule, Global, Inject, Injectable, Module, type OnApplicationShutdown } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { connectNats } from '../bus/connect-nats.js';
import { ErrorFilter } from '../bus/error-filter.js';
import { MessageBus } from '../bus/message-bus.js';
import { HealthController } from '../health/health.controller.js';
import { HealthChecks } from '../health/health-checks.js';
import { Metrics } from '../health/metrics.js';
import { JobQueue } from '../jobs/job-queue.js';
import { Logger } from '../logging/logger.js';
import { Clock } from './clock.js';
import { Ids } from './ids.js';
import { within } from './within.js';

export interface KitOptions {
  service: string;
  /** Absent: the process speaks to no other service. */
  natsUrl?: string;
  logger: Logger;
}

const NATS = Symbol('nats');
const DRAIN_MS = 2_000;

@Injectable()
class Connection implements OnApplicationShutdown {
  constructor(
    @Inject(NATS) private readonly nats: NatsConnection,
    @Inject(HealthChecks) health: HealthChecks,
  ) {
    health.add('nats', () => nats.flush());
  }

  async onApplicationShutdown(): Promise<void> {
    // A NATS that is gone never says that it is drained.
    if (!this.nats.isClosed()) await within(DRAIN_MS, this.nats.drain());
    await this.nats.close();
  }
}

/** What every service has: bus, job queue, log, clock, ids, health, metrics. One a process, whatever modules it composes. */
@Global()
@Module({})
export class KitModule {
  static forRoot({ service, natsUrl, logger }: KitOptions): DynamicModule {
    const messaging = natsUrl
      ? [
          { provide: NATS, useFactory: () => connectNats(natsUrl, service, logger) },
          { provide: MessageBus, inject: [NATS], useFactory: (nats: NatsConnection) => new MessageBus(nats, logger) },
          { provide: JobQueue, inject: [NATS], useFactory: (nats: NatsConnection) => new JobQueue(nats, logger) },
          Connection,
        ]
      : [];
    const shared = [
      { provide: Logger, useValue: logger },
      { provide: Metrics, useValue: new Metrics(service) },
      HealthChecks,
      Clock,
      Ids,
    ];
    return {
      module: KitModule,
      controllers: [HealthController],
      providers: [...shared, ...messaging, { provide: APP_FILTER, useValue: new ErrorFilter(logger) }],
      exports: [Logger, Metrics, HealthChecks, Clock, Ids, ...(natsUrl ? [MessageBus, JobQueue] : [])],
    };
  }
}
