import { PersistenceModule } from '@doitong/service-kit';
import { type DynamicModule, Module } from '@nestjs/common';
import { RateLimitConfig } from './config.js';
import { persistence } from './persistence.js';
import { OrphanSlots } from './slots/orphan-slots.js';
import { SlotsController } from './slots/slots.controller.js';
import { SlotsRepository } from './slots/slots.repository.js';
import { SlotsService } from './slots/slots.service.js';
import { CONFIG } from './tokens.js';
import { UsageController } from './usage/usage.controller.js';
import { UsageService } from './usage/usage.service.js';
import { CheckBatches } from './windows/check-batches.js';
import { WindowSweeper } from './windows/window-sweeper.js';
import { WindowsController } from './windows/windows.controller.js';
import { WindowsRepository } from './windows/windows.repository.js';
import { WindowsService } from './windows/windows.service.js';

export { RateLimitConfig } from './config.js';
export { persistence } from './persistence.js';

@Module({})
export class RateLimitModule {
  static register(config: RateLimitConfig): DynamicModule {
    return {
      module: RateLimitModule,
      imports: [PersistenceModule.register(persistence, config.DATABASE_URL, config.DATABASE_POOL_SIZE)],
      controllers: [SlotsController, UsageController, WindowsController],
      providers: [
        { provide: CONFIG, useValue: config },
        CheckBatches,
        OrphanSlots,
        SlotsRepository,
        SlotsService,
        UsageService,
        WindowsRepository,
        WindowsService,
        WindowSweeper,
      ],
    };
  }
}
