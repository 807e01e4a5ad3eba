import { catalog } from '@doitong/contracts';
import { Hears } from '@doitong/service-kit';
import { Controller } from '@nestjs/common';
import { ProvidersService } from './providers.service.js';

@Controller()
export class ProvidersController {
  constructor(private readonly providers: ProvidersService) {}

  @Hears(catalog.changed)
  async changed(): Promise<void> {
    this.providers.forget();
  }
}
