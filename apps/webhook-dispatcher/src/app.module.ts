import { AssetUrlSigner } from '@doitong/media';
import { AuditRepository, Clock, neverInProduction, PersistenceModule } from '@doitong/service-kit';
import { type DynamicModule, Module } from '@nestjs/common';
import type { WebhookDispatcherConfig } from './config.js';
import { DeliveriesController } from './deliveries/deliveries.controller.js';
import { DeliveriesRepository } from './deliveries/deliveries.repository.js';
import { DeliveriesService } from './deliveries/deliveries.service.js';
import { DeliveryListRepository } from './deliveries/delivery-list.repository.js';
import { RedeliveryRepository } from './deliveries/redelivery.repository.js';
import { RedeliveryService } from './deliveries/redelivery.service.js';
import { EndpointsController } from './endpoints/endpoints.controller.js';
import { EndpointsRepository } from './endpoints/endpoints.repository.js';
import { EndpointsService } from './endpoints/endpoints.service.js';
import { OperatorController } from './operator/operator.controller.js';
import { persistence } from './persistence.js';
import { Randomness } from './randomness.js';
import { Retention } from './retention/retention.js';
import { RetentionRepository } from './retention/retention.repository.js';
import { SecretsRepository } from './secrets/secrets.repository.js';
import { SecretsService } from './secrets/secrets.service.js';
import { Dispatcher } from './sending/dispatcher.js';
import { GivingUp } from './sending/giving-up.js';
import { QueueRepository } from './sending/queue.repository.js';
import { RetrySchedule } from './sending/retry-schedule.js';
import { Sender } from './sending/sender.js';
import { CONFIG } from './tokens.js';

export { WebhookDispatcherConfig } from './config.js';
export { persistence } from './persistence.js';

@Module({})
export class WebhookDispatcherModule {
  /** Throws ConfigError on a configuration that would let customers reach into our own network. */
  static register(config: WebhookDispatcherConfig): DynamicModule {
    neverInProduction(config, 'WEBHOOK_ALLOW_LOOPBACK');
    return {
      module: WebhookDispatcherModule,
      imports: [PersistenceModule.register(persistence, config.DATABASE_URL, config.DATABASE_POOL_SIZE)],
      controllers: [DeliveriesController, EndpointsController, OperatorController],
      providers: [
        { provide: CONFIG, useValue: config },
        {
          provide: AssetUrlSigner,
          inject: [Clock],
          useFactory: (clock: Clock) =>
            new AssetUrlSigner({
              baseUrl: config.PUBLIC_URL.replace(/\/+$/, ''),
              secrets: config.ASSET_URL_SECRET.split(','),
              ttlSeconds: config.ASSET_URL_TTL_SECONDS,
              now: () => clock.now().getTime(),
            }),
        },
        {
          provide: RetrySchedule,
          inject: [Randomness],
          useFactory: (randomness: Randomness) => new RetrySchedule(config.WEBHOOK_RETRY_SCALE, randomness),
        },
        AuditRepository,
        DeliveriesRepository,
        DeliveriesService,
        DeliveryListRepository,
        Dispatcher,
        EndpointsRepository,
        EndpointsService,
        GivingUp,
        QueueRepository,
        Randomness,
        RedeliveryRepository,
        RedeliveryService,
        Retention,
        RetentionRepository,
        SecretsRepository,
        SecretsService,
        Sender,
      ],
    };
  }
}
