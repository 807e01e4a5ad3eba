import { type BodyOf, billing } from '@doitong/contracts';
import { Hears } from '@doitong/service-kit';
import { Controller } from '@nestjs/common';
import { ApiKeys } from './api-keys.js';

@Controller()
export class KeysController {
  constructor(private readonly keys: ApiKeys) {}

  @Hears(billing.keysChanged)
  async keysChanged({ accountId }: BodyOf<typeof billing.keysChanged>): Promise<void> {
    this.keys.forget(accountId);
  }
}
