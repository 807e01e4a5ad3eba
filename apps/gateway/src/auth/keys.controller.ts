import { type BodyOf, billing } from '@doitong/contracts';
import { Hears } from '@doitong/service-kit';
import { Controller } from '@nestjs/common';
import { Connections } from '../sockets/connections.js';
import { ApiKeys } from './api-keys.js';

@Controller()
export class KeysController {
  constructor(
    private readonly keys: ApiKeys,
    private readonly connections: Connections,
  ) {}

  @Hears(billing.keysChanged)
  async keysChanged({ accountId }: BodyOf<typeof billing.keysChanged>): Promise<void> {
    this.keys.forget(accountId);
    await this.connections.check(accountId);
  }
}
