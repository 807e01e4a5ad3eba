import { admin, billing, MOST_KEYS, type Principal, type ReplyOf, type RequestOf } from '@doitong/contracts';
import { Handles } from '@doitong/service-kit';
import { Controller } from '@nestjs/common';
import { ApiKeysService } from './api-keys.service.js';
import { Authentication } from './authentication.js';

type Issued = ReplyOf<typeof admin.key.issue>;
type Listed = ReplyOf<typeof admin.key.list>;
type Revoked = ReplyOf<typeof admin.key.revoke>;

@Controller()
export class ApiKeysController {
  constructor(
    private readonly authentication: Authentication,
    private readonly keys: ApiKeysService,
  ) {}

  @Handles(billing.authenticate)
  authenticate({ keyHash }: RequestOf<typeof billing.authenticate>): Promise<Principal> {
    return this.authentication.authenticate(keyHash);
  }

  @Handles(admin.key.issue)
  issue({ accountId, ...wanted }: RequestOf<typeof admin.key.issue>): Promise<Issued> {
    return this.keys.issue(accountId, wanted);
  }

  @Handles(admin.key.list)
  list({ accountId, first = MOST_KEYS, after }: RequestOf<typeof admin.key.list>): Promise<Listed> {
    return this.keys.list(accountId, { first, after });
  }

  @Handles(admin.key.rotate)
  rotate({ keyId, overlapSeconds }: RequestOf<typeof admin.key.rotate>): Promise<Issued> {
    return this.keys.rotate(keyId, overlapSeconds);
  }

  @Handles(admin.key.revoke)
  async revoke({ keyId }: RequestOf<typeof admin.key.revoke>): Promise<Revoked> {
    return { key: await this.keys.revoke(keyId) };
  }

  @Handles(billing.key.issue)
  async issueOwn({ by, ...wanted }: RequestOf<typeof billing.key.issue>): Promise<Issued> {
    const acting = await this.keys.acting(by);
    return this.keys.issue(acting.accountId, wanted, acting);
  }

  @Handles(billing.key.list)
  listOwn(request: RequestOf<typeof billing.key.list>): Promise<Listed> {
    return this.keys.listOwn(request);
  }

  @Handles(billing.key.rotate)
  async rotateOwn({ by, keyId, overlapSeconds }: RequestOf<typeof billing.key.rotate>): Promise<Issued> {
    return this.keys.rotate(keyId, overlapSeconds, await this.keys.acting(by));
  }

  @Handles(billing.key.revoke)
  async revokeOwn({ by, keyId }: RequestOf<typeof billing.key.revoke>): Promise<Revoked> {
    return { key: await this.keys.revoke(keyId, await this.keys.acting(by)) };
  }
}
