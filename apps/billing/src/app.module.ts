import { AuditRepository, PersistenceModule } from '@doitong/service-kit';
import { type DynamicModule, Module } from '@nestjs/common';
import { AccountsController } from './accounts/accounts.controller.js';
import { AccountsRepository } from './accounts/accounts.repository.js';
import { AccountsService } from './accounts/accounts.service.js';
import { ApiKeyFactory } from './api-keys/api-key-factory.js';
import { ApiKeysController } from './api-keys/api-keys.controller.js';
import { ApiKeysRepository } from './api-keys/api-keys.repository.js';
import { ApiKeysService } from './api-keys/api-keys.service.js';
import { Authentication } from './api-keys/authentication.js';
import { KeyChanges } from './api-keys/key-changes.js';
import { LastUses } from './api-keys/last-uses.js';
import { AuditController } from './audit/audit.controller.js';
import { BillingConfig } from './config.js';
import { ExpiredGrants } from './grants/expired-grants.js';
import { GrantsController } from './grants/grants.controller.js';
import { GrantsRepository } from './grants/grants.repository.js';
import { GrantsService } from './grants/grants.service.js';
import { HoldsController } from './holds/holds.controller.js';
import { HoldsRepository } from './holds/holds.repository.js';
import { HoldsService } from './holds/holds.service.js';
import { OrphanHolds } from './holds/orphan-holds.js';
import { HoldMatch } from './ledger/hold-match.js';
import { LedgerController } from './ledger/ledger.controller.js';
import { LedgerRepository } from './ledger/ledger.repository.js';
import { LedgerService } from './ledger/ledger.service.js';
import { LedgerCheck } from './ledger/ledger-check.js';
import { LedgerCheckRepository } from './ledger/ledger-check.repository.js';
import { persistence } from './persistence.js';
import { CancelTermsRepository } from './plans/cancel-terms.repository.js';
import { PlansController } from './plans/plans.controller.js';
import { PlansRepository } from './plans/plans.repository.js';
import { PlansService } from './plans/plans.service.js';
import { CONFIG } from './tokens.js';

export { BillingConfig } from './config.js';
export { persistence } from './persistence.js';

@Module({})
export class BillingModule {
  static register(config: BillingConfig): DynamicModule {
    return {
      module: BillingModule,
      imports: [PersistenceModule.register(persistence, config.DATABASE_URL, config.DATABASE_POOL_SIZE)],
      controllers: [
        AccountsController,
        ApiKeysController,
        AuditController,
        GrantsController,
        HoldsController,
        LedgerController,
        PlansController,
      ],
      providers: [
        { provide: CONFIG, useValue: config },
        AccountsRepository,
        AccountsService,
        ApiKeyFactory,
        ApiKeysRepository,
        ApiKeysService,
        AuditRepository,
        Authentication,
        KeyChanges,
        LastUses,
        ExpiredGrants,
        GrantsRepository,
        GrantsService,
        HoldsRepository,
        HoldsService,
        LedgerCheck,
        LedgerCheckRepository,
        LedgerRepository,
        HoldMatch,
        LedgerService,
        OrphanHolds,
        CancelTermsRepository,
        PlansRepository,
        PlansService,
      ],
    };
  }
}
