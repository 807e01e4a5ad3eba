import { billing, type Principal, type RequestOf } from '@doitong/contracts';
import { Handles } from '@doitong/service-kit';
import { Controller } from '@nestjs/common';
import { ApiKeysService } from './api-keys.service.js';

@Controller()
export class ApiKeysController {
  constructor(private readonly keys: ApiKeysService) {}

  @Handles(billing.authenticate)
  authenticate({ keyHash }: RequestOf<typeof billing.authenticate>): Promise<Principal> {
    return this.keys.authenticate(keyHash);
  }
}
