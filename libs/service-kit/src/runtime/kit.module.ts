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
import { Dependencies } from './dependencies.js';
import { Ids } from './ids.js';
import { within } from './within.js';

export interface KitOptions {
  service: string;
  /** Absent: the process speaks to no other service. */
  natsUrl?: string;
  logger: Logger;
  metrics: Metrics;
  health: HealthChecks;
  dependencies: Dependencies;
}

const NATS = Symbol('nats');
const DRAIN_MS = 2_000;

@Injectable()
class Connection implements OnApplicationShutdown {
  private closing = false;

  constructor(
    @Inject(NATS) private readonly nats: NatsConnection,
    @Inject(HealthChecks) health: HealthChecks,
    @Inject(Dependencies) dependencies: Dependencies,
  ) {
    health.add('nats', () => nats.flush());
    void nats.closed().then((cause) => {
      if (!this.closing) dependencies.lose(new Error('NATS is gone for good', { cause }));
    });
  }

  async onApplicationShutdown(): Promise<void> {
    this.closing = true;
    // A NATS that is gone never says that it is drained.
    if (!this.nats.isClosed()) await within(DRAIN_MS, this.nats.drain());
    await this.nats.close();
  }
}

/** What every service has: bus, job queue, log, clock, ids, health, metrics. One a process, whatever modules it composes. */
@Global()
@Module({})
export class KitModule {
  static forRoot({ service, natsUrl, logger, metrics, health, dependencies }: KitOptions): DynamicModule {
    const open = (url: string) =>
      dependencies.open(
        'nats',
        () => connectNats(url, service, logger),
        (nats) => nats.close(),
      );
    const messaging = natsUrl
      ? [
          { provide: NATS, useFactory: () => open(natsUrl) },
          { provide: MessageBus, inject: [NATS], useFactory: (nats: NatsConnection) => new MessageBus(nats, logger) },
          { provide: JobQueue, inject: [NATS], useFactory: (nats: NatsConnection) => new JobQueue(nats, logger) },
          Connection,
        ]
      : [];
    const shared = [
      { provide: Logger, useValue: logger },
      { provide: Metrics, useValue: metrics },
      { provide: HealthChecks, useValue: health },
      { provide: Dependencies, useValue: dependencies },
      Clock,
      Ids,
    ];
    return {
      module: KitModule,
      controllers: [HealthController],
      providers: [...shared, ...messaging, { provide: APP_FILTER, useValue: new ErrorFilter(logger) }],
      exports: [Logger, Metrics, HealthChecks, Dependencies, Clock, Ids, ...(natsUrl ? [MessageBus, JobQueue] : [])],
    };
  }
}
