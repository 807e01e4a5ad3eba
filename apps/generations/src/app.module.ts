import { AuditRepository, PersistenceModule } from '@doitong/service-kit';
import { type DynamicModule, Module } from '@nestjs/common';
import { AdmissionController } from './admission/admission.controller.js';
import { AdmissionRepository } from './admission/admission.repository.js';
import { AdmissionService } from './admission/admission.service.js';
import { IdempotencyRepository } from './admission/idempotency.repository.js';
import { Reservations } from './admission/reservations.js';
import { RetryService } from './admission/retry.service.js';
import { AttemptsController } from './attempts/attempts.controller.js';
import { AttemptsRepository } from './attempts/attempts.repository.js';
import { AttemptsService } from './attempts/attempts.service.js';
import { DeadlyAttempts } from './attempts/deadly-attempts.js';
import { Announcements } from './catalogue/announcements.js';
import { CatalogueController } from './catalogue/catalogue.controller.js';
import { CatalogueRepository } from './catalogue/catalogue.repository.js';
import { CatalogueService } from './catalogue/catalogue.service.js';
import { Circuits } from './circuits/circuits.js';
import { CircuitsRepository } from './circuits/circuits.repository.js';
import { GenerationsConfig } from './config.js';
import { FailoverRepository } from './failover/failover.repository.js';
import { FailoverService } from './failover/failover.service.js';
import { Cancellations } from './generations/cancellations.js';
import { Changes } from './generations/changes.js';
import { GenerationsController } from './generations/generations.controller.js';
import { GenerationsRepository } from './generations/generations.repository.js';
import { GenerationsService } from './generations/generations.service.js';
import { OperatorController } from './generations/operator.controller.js';
import { HoldRaises } from './lengths/hold-raises.js';
import { Lengths } from './lengths/lengths.js';
import { LengthsRepository } from './lengths/lengths.repository.js';
import { ModelHealth } from './model-health/model-health.js';
import { ModelHealthRepository } from './model-health/model-health.repository.js';
import { OutcomeRepository } from './outcome/outcome.repository.js';
import { Relay } from './outcome/relay.js';
import { persistence } from './persistence.js';
import { PriceFallsRepository } from './prices/price-falls.repository.js';
import { PricesController } from './prices/prices.controller.js';
import { PricesRepository } from './prices/prices.repository.js';
import { PricesService } from './prices/prices.service.js';
import { QuotesController } from './quotes/quotes.controller.js';
import { QuotesRepository } from './quotes/quotes.repository.js';
import { QuotesService } from './quotes/quotes.service.js';
import { Sweepers } from './sweepers/sweepers.js';
import { CONFIG } from './tokens.js';
import { UsageController } from './usage/usage.controller.js';
import { UsageRepository } from './usage/usage.repository.js';
import { UsageService } from './usage/usage.service.js';

export { GenerationsConfig } from './config.js';
export { persistence } from './persistence.js';

@Module({})
export class GenerationsModule {
  static register(config: GenerationsConfig): DynamicModule {
    return {
      module: GenerationsModule,
      imports: [PersistenceModule.register(persistence, config.DATABASE_URL, config.DATABASE_POOL_SIZE)],
      controllers: [
        AdmissionController,
        AttemptsController,
        CatalogueController,
        GenerationsController,
        OperatorController,
        PricesController,
        QuotesController,
        UsageController,
      ],
      providers: [
        { provide: CONFIG, useValue: config },
        AdmissionRepository,
        AdmissionService,
        AttemptsRepository,
        AttemptsService,
        AuditRepository,
        Announcements,
        Cancellations,
        CatalogueRepository,
        CatalogueService,
        Changes,
        Circuits,
        CircuitsRepository,
        DeadlyAttempts,
        FailoverRepository,
        FailoverService,
        GenerationsRepository,
        GenerationsService,
        HoldRaises,
        IdempotencyRepository,
        Lengths,
        LengthsRepository,
        ModelHealth,
        ModelHealthRepository,
        OutcomeRepository,
        PriceFallsRepository,
        PricesRepository,
        PricesService,
        QuotesRepository,
        QuotesService,
        Relay,
        Reservations,
        RetryService,
        Sweepers,
        UsageRepository,
        UsageService,
      ],
    };
  }
}
